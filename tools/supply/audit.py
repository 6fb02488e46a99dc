"""Look every pinned package up among known vulnerabilities, with pip-audit.

`python tools/supply/audit.py`. Status 0: looked up and nothing known; 1: something is
known; 2: not looked up (pip-audit itself answers 0 where an index knows none of the packages).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("pypi", "osv")


def main() -> int:
    """Ask each source in turn until one can tell; say what it told."""
    why = ""
    for source in SOURCES:
        done = _ask(source)
        try:
            found = json.loads(done.stdout)["dependencies"]
        except ValueError:
            why = (done.stderr.strip().splitlines() or ["no answer"])[-1].partition(":")[0]
            continue
        lines, looked_up = told(found)
        if looked_up:
            print("\n".join(lines))
            return 1 if any("vulns" in one and one["vulns"] for one in found) else 0
        why = "the package index has no advisories of any package"
    print(f"not audited: neither {' nor '.join(SOURCES)} could be asked ({why})")
    return 2


def _ask(source: str) -> subprocess.CompletedProcess[str]:
    """Run pip-audit over the pins alone, without installing anything."""
    pins = [
        *("-r", str(ROOT / "constraints.txt")),
        *("--no-deps", "--disable-pip", "--progress-spinner", "off"),
        *("--format", "json", "--vulnerability-service", source, "--timeout", "10"),
    ]
    return subprocess.run(
        [sys.executable, "-m", "pip_audit", *pins], capture_output=True, text=True, check=False
    )


def told(found: list[dict[str, Any]]) -> tuple[list[str], int]:
    """What was found, a line each, and how many packages were looked up at all."""
    known = [one for one in found if "skip_reason" not in one]
    lines = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw['fix_versions']) or 'no version'}"
        for one in known
        for flaw in one["vulns"]
    ]
    left = len(found) - len(known)
    lines.append(
        f"{len(known)} of {len(found)} pinned packages looked up, {len(lines)} flaws known"
        + (f"; {left} are not known to the index" if left else "")
    )
    return lines, len(known)


if __name__ == "__main__":
    sys.exit(main())
