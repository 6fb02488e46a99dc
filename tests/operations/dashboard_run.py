"""`python -m operations.dashboard_run [FILE]` in tests/: every panel and alert asked of a real run.

A whole stack with a metrics port, the demo clip streamed as fast as it goes, questions, and a real
Prometheus that scrapes it. In a run in which all is well every query of the dashboard gives data,
except those of HEALTHY_IS_EMPTY, and no alert fires. Then the worker and the store are ended, and
the alerts for that are asked again. FILE: where the log goes, as a page.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from operations.panels import Query, alerts, panels
from operations.prometheus import Prometheus, prometheus
from servers import free_port
from ttm_client import Client
from ttm_client.files import FileSource
from ttm_server.cli.demo import CLIP_NAME, DEMO_PACKAGE, load_questions
from ttm_server.cli.supervisor import Stack, running_stack
from ttm_server.config import load_settings
from ttm_server.store import EmbeddedServer

RATE_INTERVAL = "1m"  # what Grafana puts in for $__rate_interval with these scrapes, or a bit more
SCRAPES_S = 8.0  # a rate needs two of them, and so does what begins with the last question
MAXMEMORY = "512mb"
# A query that must give nothing while all is well, by its panel and what it looks at.
HEALTHY_IS_EMPTY = {
    ("Slow senses: left out", "ttm_slow_left_out_total"),
    # Nothing is moved in this run.
    ("A session's way, 95 %", "ttm_tier_seconds_bucket"),
    ("Moves that failed", "ttm_tier_errors_total"),
}
QUESTIONS = 8


async def use(stack: Stack) -> tuple[int, int]:
    """Stream the clip, ask; -> chunks applied and questions answered."""
    with as_file(files(DEMO_PACKAGE) / CLIP_NAME) as clip:
        async with Client(stack.base_url) as client, client.session() as session:
            done = await session.stream(FileSource(clip))
            asked = load_questions()[:QUESTIONS]
            for question in asked:
                await session.ask(question.question)
            return done.applied, len(asked)


def healthy_faults(found: Prometheus, since_s: float, log: list[str]) -> list[str]:
    """What a healthy run should not show: panels without data, alerts that fire."""
    faults = []
    log += ["| panel | query | series | last value |", "|---|---|---|---|"]
    for query in panels():
        expr = query.expr.replace("$__rate_interval", RATE_INTERVAL)
        series = found.series(expr, since_s)
        wants_none = any(
            query.owner == panel and metric in query.metrics for panel, metric in HEALTHY_IS_EMPTY
        )
        if bool(series) is wants_none:
            faults.append(f"{query.owner}: {len(series)} series for {expr}")
        told = f"{series[0]['values'][-1]:.4g}" if series else "nothing, as it should be"
        log.append(f"| {query.owner} | `{_cell(expr)}` | {len(series)} | {told} |")
    firing = found.now('ALERTS{alertstate="firing"}')
    faults += [f"{one['metric']['alertname']} fires" for one in firing]
    return faults


def alerts_of_a_death(found: Prometheus, stack: Stack, store: EmbeddedServer) -> list[str]:
    """End the worker, then the store; -> lines about the alerts whose expression came true."""
    by_name = {query.owner: query for query in alerts()}
    told = []

    def true(alert: str, why: str) -> None:
        began_s = time.monotonic()
        found.until(by_name[alert].expr)
        took_s = time.monotonic() - began_s
        told.append(f"- {why}: the expression of `{alert}` was true {took_s:.0f} s later")

    assert found.now(by_name["NoWorkerReady"].expr) == []
    worker = stack.children.members[1].process
    worker.send_signal(signal.SIGKILL)
    true("NoWorkerReady", "the only worker was killed (SIGKILL)")
    assert found.now(by_name["StoreDown"].expr) == []
    store.kill()
    true("StoreDown", "the store was killed")
    return told


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _version(command: str) -> str:
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    return (done.stdout or done.stderr).split(" (")[0].strip()


def run(log: list[str]) -> list[str]:
    """One run; -> what was wrong with it. `log` takes what was seen, as Markdown."""
    folder = Path(tempfile.mkdtemp(prefix="ttmserve-dashboard-"))
    port = free_port()
    try:
        with EmbeddedServer(folder / "data", options={"maxmemory": MAXMEMORY}) as store:
            settings = load_settings(
                redis_url=store.url, port=free_port(), worker_metrics_port=port
            )
            targets = {
                "ttmserve-gateway": [f"127.0.0.1:{settings.port}"],
                "ttmserve-worker": [f"127.0.0.1:{port}"],
            }
            began_s, load = time.time(), os.getloadavg()[0]
            with (
                prometheus(folder, targets) as found,
                running_stack(settings, 1, TTM_LOG_LEVEL="warning") as stack,
            ):
                ready_s = time.time()
                chunks, questions = asyncio.run(use(stack))
                used_s = time.time()
                time.sleep(SCRAPES_S)
                log += [
                    f"ttmserve {importlib.metadata.version('ttmserve')}, "
                    f"{_version('prometheus')}. Ready after {ready_s - began_s:.0f} s; "
                    f"{chunks} chunks and {questions} questions in {used_s - ready_s:.0f} s; "
                    f"scraped every second. `$__rate_interval` is {RATE_INTERVAL}. The machine has "
                    f"{os.cpu_count()} cores; its load was {load:.1f} at the beginning.",
                    "",
                ]
                faults = healthy_faults(found, began_s, log)
                log += ["", f"No alert fired; of {len(alerts())} each was evaluated:", ""]
                log += [f"- `{query.owner}`: {_state(found, query)}" for query in alerts()]
                log += ["", "Then something was ended:", ""]
                log += alerts_of_a_death(found, stack, store)
                return faults
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _state(found: Prometheus, query: Query) -> str:
    """What Prometheus itself says of a rule."""
    groups: list[dict[str, Any]] = found.http.get("/api/v1/rules").json()["data"]["groups"]
    (rule,) = [rule for group in groups for rule in group["rules"] if rule["name"] == query.owner]
    return f"{rule['state']}, health {rule['health']}"


HEAD = """\
# A run of the dashboard

Every query of `docker/grafana/dashboards/ttmserve.json` asked of a real Prometheus that scraped a
real run, by `make dashboard-test`. The dashboard itself was not looked at in Grafana,
which could not be had here; its panels' queries are what was checked. The clip was
streamed as fast as it went, so that chunks wait for their turn: times from a chunk to memory are
those of a queue that is kept full, not of a camera.
"""


def main() -> int:
    if shutil.which("prometheus") is None:
        print(
            "dashboard-test: not run, there is no prometheus (Debian: apt-get install prometheus)"
        )
        return 0
    log: list[str] = []
    faults = run(log)
    page = "\n".join([HEAD, *log, ""])
    print(page)
    for fault in faults:
        print(f"WRONG: {fault}")
    if len(sys.argv) > 1 and not faults:
        Path(sys.argv[1]).write_text(page, encoding="utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
