"""The Helm chart against the code that it runs: names, times and figures that must agree.

Reads templates as text, without helm; `make helm-test` renders and validates them.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import SecretStr

from ttm_server.config import Settings
from ttm_server.gateway import page_files, server
from ttm_server.gateway.app import create_app
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.runtime import Timing
from ttm_server.worker import running
from ttm_server.worker.metrics import WorkerMetrics

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "docker/helm/ttmserve"
TEMPLATES = {path.name: path.read_text() for path in (CHART / "templates").iterdir()}
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
EXAMPLES = sorted((CHART / "ci").glob("*.yaml"))
CORES_PER_SESSION = 0.35  # docs/kubernetes.md: measured with every sense on
INSIDE = {"/metrics", "/healthz", "/readyz"}


def merged(below: Any, above: Any) -> Any:
    """As helm lays one file of values over another."""
    if isinstance(below, dict) and isinstance(above, dict):
        both = below.keys() | above.keys()
        return {
            key: merged(below.get(key), above[key]) if key in above else below[key] for key in both
        }
    return above


def valid(values: Any) -> bool:
    return not list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(values))


def settings_in(text: str) -> set[str]:
    return set(re.findall(r"\bTTM_[A-Z_]+\b", text))


def known_settings() -> dict[str, str]:
    return {f"TTM_{name.upper()}": name for name in Settings.model_fields}


def set_by_chart() -> set[str]:
    """What templates set themselves, so that no value may set it again."""
    return set(re.findall(r"- name: (TTM_[A-Z_]+)", "".join(TEMPLATES.values())))


def metrics_of(registry: Any) -> set[str]:
    return {sample.name for metric in registry.collect() for sample in metric.samples} | {
        metric.name for metric in registry.collect()
    }


def test_every_setting_exists() -> None:
    texts = [*TEMPLATES.values(), (CHART / "values.yaml").read_text()]
    texts += [path.read_text() for path in EXAMPLES]
    texts.append((ROOT / "docs/kubernetes.md").read_text())
    named = set().union(*map(settings_in, texts))
    assert len(named) > 10
    assert {name.removesuffix("_FILE") for name in named} <= known_settings().keys()


@pytest.mark.parametrize("example", [None, *EXAMPLES], ids=lambda path: path.stem if path else "")
def test_values_fit_the_schema(example: Path | None) -> None:
    values = VALUES if example is None else merged(VALUES, yaml.safe_load(example.read_text()))
    jsonschema.Draft202012Validator(SCHEMA).validate(values)


def test_secrets_and_what_the_chart_sets_are_refused_as_settings() -> None:
    secret = {
        name
        for name, field in known_settings().items()
        if SecretStr.__name__ in str(Settings.model_fields[field].annotation)
    }
    assert "TTM_API_KEYS" in secret
    refused = secret | set_by_chart() | {"TTM_REDIS_URL", "ttm_speech", "TTM_PASSWORD"}
    for name in refused:
        for place in ({"settings": {name: "x"}}, {"worker": {"settings": {name: "x"}}}):
            assert not valid(merged(VALUES, place)), name
    assert valid(merged(VALUES, {"settings": {"TTM_SPEECH": "base"}}))
    assert not valid(merged(VALUES, {"worker": {"replica": 3}}))


def test_a_gateway_has_time_for_its_drain() -> None:
    grace = (
        r"terminationGracePeriodSeconds: {{ add \$own.preStopSeconds \$own.drainSeconds (\d+) }}"
    )
    found = re.search(grace, TEMPLATES["gateway-deployment.yaml"])
    assert found is not None
    # `drain`, the closes, then uvicorn's own wait for requests under way.
    own_s = 2 * Timing(send_timeout_s=1, drain_s=0).close_s + server.GRACEFUL_S
    assert int(found[1]) >= own_s + 5
    assert (
        "name: TTM_DRAIN_S\n              value: {{ $own.drainSeconds"
        in TEMPLATES["gateway-deployment.yaml"]
    )


def test_a_worker_has_time_for_its_drain() -> None:
    drain_s = running.EXIT_WITHIN_S + running.DRAIN_LOG_WITHIN_S
    least_s = SCHEMA["properties"]["worker"]["properties"]["terminationGracePeriodSeconds"]
    assert least_s["minimum"] >= drain_s + 5
    assert VALUES["worker"]["terminationGracePeriodSeconds"] >= drain_s + 5


def test_the_scaler_asks_for_metrics_that_exist() -> None:
    by_job = {
        "ttmserve-gateway": metrics_of(Metrics().registry),
        "ttmserve-worker": metrics_of(WorkerMetrics().registry),
    }
    text = TEMPLATES["worker-scaledobject.yaml"]
    asked = re.findall(r"sum\((ttm_\w+)\{job=\\\"([\w-]+)\\\"", text)
    assert len(asked) == text.count("sum(") == 3
    for metric, job in asked:
        assert metric in by_job[job], f"{metric} of {job}"
        assert f"replacement: {job}\n" in TEMPLATES["monitoring.yaml"]
    assert "ttm_sessions_active" in by_job["ttmserve-gateway"]
    assert "name: ttm_sessions_active" in TEMPLATES["gateway-hpa.yaml"]


def test_jobs_are_those_that_alerts_go_by() -> None:
    alerts = (CHART / "files/alerts.yml").read_text()
    assert alerts == (ROOT / "docker/prometheus/alerts.yml").read_text()
    jobs = set(re.findall(r'job="([\w-]+)"', alerts))
    assert jobs
    assert jobs <= set(re.findall(r"replacement: ([\w-]+)", TEMPLATES["monitoring.yaml"]))


def test_images_are_targets_of_the_dockerfile() -> None:
    targets = set(re.findall(r" AS ([\w-]+)", (ROOT / "docker/Dockerfile").read_text()))
    gpu = yaml.safe_load((CHART / "ci/gpu.yaml").read_text())
    images = [part["image"]["repository"] for part in (VALUES["gateway"], VALUES["worker"])]
    for image in (*images, gpu["worker"]["image"]["repository"]):
        assert image.removeprefix("ttmserve/") in targets


def test_outside_sees_all_of_a_gateway_but_its_metrics_and_probes() -> None:
    _, _, text = TEMPLATES["_helpers.tpl"].partition('define "ttmserve.paths" -}}')
    paths = yaml.safe_load(text.partition("{{-")[0])
    exact = {one["path"] for one in paths if one["type"] == "Exact"}
    prefixes = {one["path"] for one in paths if one["type"] == "Prefix"}
    assert {f"/{name}" for name in page_files.FOLDERS} <= prefixes
    assert {f"/{name}" for name in page_files.ROOT_FILES} <= exact

    def is_outside(path: str) -> bool:
        return path in exact or any(f"{path}/".startswith(f"{one}/") for one in prefixes)

    app = create_app(None, Settings())  # type: ignore[arg-type]
    served = {route.path for route in app.routes if getattr(route, "path", None)} | app.openapi()[
        "paths"
    ].keys()
    assert served > INSIDE
    assert {path for path in served if not is_outside(path)} == INSIDE


def test_streams_are_pinged_more_often_than_proxies_give_up() -> None:
    annotations = VALUES["ingress"]["annotations"]
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        assert int(annotations[f"nginx.ingress.kubernetes.io/{name}"]) > 3 * server.PING_EVERY_S
    assert "request: 0s" in TEMPLATES["httproute.yaml"]


def test_a_worker_takes_no_more_than_its_cores_can_do() -> None:
    worker = VALUES["worker"]
    cores = float(worker["resources"]["requests"]["cpu"])
    assert worker["maxLiveSessions"] * CORES_PER_SESSION <= cores
    # Scaled before it is full, so that there is room where another one dies.
    assert worker["keda"]["sessionsPerWorker"] < worker["maxLiveSessions"]


def test_lag_that_is_nothing_asks_for_no_worker_more() -> None:
    """A live stream's chunks of half a second wait for the next commit, at most so long."""
    settings = Settings()
    usual = math.ceil(settings.commit_every_s / 0.5) + 1
    keda = VALUES["worker"]["keda"]
    assert keda["sessionsPerWorker"] * usual * 2 <= keda["lagChunksPerWorker"]


@pytest.mark.parametrize("component", ["gateway", "worker"])
def test_pods_are_locked_down(component: str) -> None:
    text = TEMPLATES[f"{component}-deployment.yaml"]
    assert f'include "ttmserve.pod" (list . "{component}")' in text
    assert 'include "ttmserve.containerSecurity"' in text
    helpers = TEMPLATES["_helpers.tpl"]
    for line in (
        "automountServiceAccountToken: false",
        "enableServiceLinks: false",  # TTM_PORT=tcp://… of a Service `ttm` would be refused
        "runAsNonRoot: true",
        "type: RuntimeDefault",
        "allowPrivilegeEscalation: false",
        "readOnlyRootFilesystem: true",
        "drop: [ALL]",
    ):
        assert line in helpers
    assert "secretKeyRef" not in "".join(TEMPLATES.values())


def test_ports_are_those_that_the_processes_are_told() -> None:
    for name, variable in (("gateway", "TTM_PORT"), ("worker", "TTM_WORKER_METRICS_PORT")):
        text = TEMPLATES[f"{name}-deployment.yaml"]
        told = re.search(rf'name: {variable}\n\s+value: "(\d+)"', text)
        assert told is not None
        assert f"containerPort: {told[1]}\n" in text
