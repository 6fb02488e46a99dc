"""Pages made from the code are current; dashboard and alerts know all metrics, and no others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from operations.panels import ALERTS, DASHBOARD, DOCKER, SCRAPES, alerts, panels
from ttm_server.cli import config_reference
from ttm_server.cli.metrics_reference import Exported, exported
from ttm_server.cli.reference import PAGES
from ttm_server.config import Settings
from ttm_server.gateway.metrics import Metrics
from ttm_server.worker.metrics import WorkerMetrics

ROOT = Path(__file__).parents[2]
PROCESS = {
    "process_start_time_seconds",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
}
# What the design promises of metrics, whatever else there is.
PROMISED = {
    *("ttm_sessions_active", "ttm_chunks_received_total", "ttm_chunks_dropped_total"),
    *("ttm_ingest_to_applied_seconds", "ttm_queue_wait_seconds", "ttm_batch_size"),
    *("ttm_step_seconds", "ttm_encode_seconds", "ttm_commits_total", "ttm_state_lag_chunks"),
    *("ttm_admission_rejections_total", "ttm_ws_closes_total", "ttm_question_seconds"),
    "ttm_redis_seconds",
}


def all_exported() -> list[Exported]:
    return exported(Metrics()) + exported(WorkerMetrics())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == PAGES[name](), "run `make reference`"


def test_all_metrics_of_the_design_are_there_and_none_tells_of_a_session() -> None:
    assert {one.name for one in all_exported()} >= PROMISED
    for one in all_exported():
        assert not {"session", "session_id", "sid"} & set(one.labels)
        assert one.meaning


def test_every_metric_is_used_and_every_name_is_one() -> None:
    queries = panels() + alerts()
    used = set().union(*(query.metrics for query in queries))
    series = {name for one in all_exported() for name in one.series}
    assert used - series - PROCESS <= {"up"}
    unused = [one.name for one in all_exported() if not used & set(one.series)]
    assert unused == []


def test_the_dashboard_is_whole() -> None:
    told = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in told["panels"]]
    assert len(ids) == len(set(ids))
    for panel in told["panels"]:
        if panel["type"] != "row":
            assert panel["targets"]
            assert panel["datasource"]["uid"] == "${datasource}"
    for file in (DOCKER / "grafana/provisioning").rglob("*.yml"):
        assert yaml.safe_load(file.read_text())["apiVersion"] == 1


def test_every_alert_leads_to_a_place_in_the_runbook() -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    titles = re.findall(r"^#+ (.+)$", runbook, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    rules = [
        rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
    ]
    assert rules
    for rule in rules:
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert file == "docs/runbook.md"
        assert anchor in anchors


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool (Debian: prometheus)")
@pytest.mark.parametrize("what", [("rules", ALERTS), ("config", SCRAPES)])
def test_prometheus_takes_the_files(what: tuple[str, Path]) -> None:
    kind, file = what
    done = subprocess.run(
        ["promtool", "check", kind, file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_setting_says_what_it_is_and_who_reads_it() -> None:
    listed = [name for names in config_reference.READ_BY.values() for name in names]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(Settings.model_fields)
    for name, info in Settings.model_fields.items():
        assert info.description, name
    for package, others in (("gateway", ("worker", "serve")), ("worker", ("gateway", "serve"))):
        source = "".join(
            p.read_text() for p in (ROOT / "server/ttm_server" / package).rglob("*.py")
        )
        for name in set(re.findall(r"settings\.([a-z_]+)", source)) & set(Settings.model_fields):
            assert config_reference.reader_of(name) not in others, name
