"""`make helm-test`: lints, renders and validates the chart, and says what could not be done.

Exits with 1 where anything is wrong; a missing tool is one printed line, not a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from helm import tools

CHART = tools.HERE.parents[1] / "docker/helm/ttmserve"
EXAMPLES: dict[str, tuple[str, ...]] = {
    "default": (),
    **{path.stem: ("-f", str(path)) for path in sorted((CHART / "ci").glob("*.yaml"))},
}
KUBERNETES = ("1.30", "1.34", "1.37")
# A limit on CPU throttles a step in mid-batch while cores idle; requests are what shares are by.
CHECKOV_SKIPS = "CKV_K8S_11"
REFUSED = (
    ("worker.replica=3", "'replica' not allowed"),
    ("settings.TTM_API_KEYS=key", "TTM_API_KEYS"),
    ("worker.terminationGracePeriodSeconds=5", "minimum: got 5, want 20"),
)


class Checks:
    """Runs commands; tells what failed and what was left out."""

    def __init__(self, folder: Path) -> None:
        self.failed = self.passed = self.left_out = 0
        self._folder = folder

    def run(self, name: str, command: Sequence[str | Path]) -> bool:
        """Whether a command ended well; where not, all that it said."""
        done = self._done(command)
        self._count(name, not done.returncode, done.stdout + done.stderr)
        return not done.returncode

    def refused(self, name: str, command: Sequence[str | Path], reason: str) -> None:
        """A command must fail, for a reason."""
        done = self._done(command)
        self._count(name, done.returncode != 0 and reason in done.stderr, done.stdout + done.stderr)

    def leave_out(self, why: str) -> None:
        """Something is not there."""
        self.left_out += 1
        print(f"left out: {why}")

    def _done(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        # No settings of whoever runs this: neither plugins of helm nor a cluster.
        own = {"HOME": str(self._folder), "KUBECONFIG": os.devnull, "LOG_LEVEL": "ERROR"}
        return subprocess.run(
            command, check=False, env=os.environ | own, capture_output=True, text=True
        )

    def _count(self, name: str, is_well: bool, said: str) -> None:
        self.passed, self.failed = self.passed + is_well, self.failed + (not is_well)
        print(f"{'ok    ' if is_well else 'FAILED'}  {name}")
        if not is_well:
            print(said)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ttm-chart-") as temporary:
        folder = Path(temporary)
        checks = Checks(folder)
        helm = tools.helm(Path(sys.prefix) / "helm")
        if isinstance(helm, str):
            checks.leave_out(helm)
        else:
            rendered = _render(checks, helm, folder)
            _validate(checks, rendered, folder)
    print(f"{checks.passed} passed, {checks.failed} failed, {checks.left_out} left out")
    return 1 if checks.failed else 0


def _render(checks: Checks, helm: Path, folder: Path) -> list[Path]:
    version = subprocess.run(
        [helm, "version", "--short"], check=True, capture_output=True, text=True
    )
    print(f"helm {version.stdout.strip()}")
    rendered = []
    for name, values in EXAMPLES.items():
        checks.run(f"helm lint --strict ({name})", [helm, "lint", "--strict", CHART, *values])
        target = folder / f"{name}.yaml"
        command = [helm, "template", "camera", CHART, "--namespace", "media", *values]
        if checks.run(f"helm template ({name})", [*command, "--output-dir", folder / name]):
            parts = sorted((folder / name).rglob("*.yaml"))
            target.write_text("\n".join(part.read_text() for part in parts))
            rendered.append(target)
    for value, reason in REFUSED:
        command = [helm, "template", "camera", CHART, "--set", value]
        checks.refused(f"helm template --set {value} is refused", command, reason)
    checks.run("helm package", [helm, "package", CHART, "--destination", folder])
    return rendered


def _validate(checks: Checks, rendered: list[Path], folder: Path) -> None:
    validate = tools.beside_python("kubernetes-validate")
    if isinstance(validate, str):
        checks.leave_out(validate)
    else:
        documented = _documented(folder / "documented.yaml")
        checks.run("kubernetes-validate docs/kubernetes.md", [validate, "--strict", documented])
        for version in KUBERNETES:
            options = ["--strict", "--no-warn", "-k", version]
            checks.run(f"kubernetes-validate {version}", [validate, *options, *rendered])
    checkov = tools.beside_python("checkov")
    if isinstance(checkov, str):
        checks.leave_out(checkov)
    else:
        options = ["--framework", "kubernetes", "--compact", "--quiet", "--skip-download"]
        # One that gives digests: without, two checks rightly complain of the default tags.
        chosen = [path for path in rendered if path.stem == "everything"]
        files = [word for path in chosen for word in ("-f", path)]
        checks.run("checkov", [checkov, *options, "--skip-check", CHECKOV_SKIPS, *files])
    promtool = shutil.which("promtool")
    if promtool is None:
        checks.leave_out("expressions are not checked: no promtool (Debian: prometheus)")
    else:
        rules = _rules(rendered, folder / "expressions.yml")
        checks.run("promtool: alerts and what KEDA asks", [promtool, "check", "rules", rules])
    custom = tools.custom_resources()
    if isinstance(custom, str):
        checks.leave_out(custom)
    else:
        with_them = [path for path in rendered if path.stem in ("everything", "gpu")]
        checks.run("KEDA, Prometheus operator, Gateway API", [*custom, *with_them])


def _documented(target: Path) -> Path:
    """Every manifest that docs/kubernetes.md hands to kubectl."""
    text = (CHART.parents[2] / "docs/kubernetes.md").read_text()
    found = re.findall(r"kubectl .*apply -f - <<'END'\n(.*?)\nEND\n", text, flags=re.DOTALL)
    assert found
    target.write_text("\n---\n".join(found) + "\n")
    return target


def _rules(rendered: list[Path], target: Path) -> Path:
    """Every expression of the chart, as a file of rules."""
    groups = []
    for path in rendered:
        for resource in yaml.safe_load_all(path.read_text()):
            if resource["kind"] == "PrometheusRule":
                own = resource["spec"]["groups"]
                groups += [one | {"name": f"{path.stem}-{one['name']}"} for one in own]
            elif resource["kind"] == "ScaledObject":
                rules = [
                    {"record": f"keda:{path.stem}_{one['name']}", "expr": one["metadata"]["query"]}
                    for one in resource["spec"]["triggers"]
                ]
                groups.append({"name": f"{path.stem}-keda", "rules": rules})
    assert len(groups) > 2
    target.write_text(yaml.safe_dump({"groups": groups}))
    return target


if __name__ == "__main__":
    sys.exit(main())
