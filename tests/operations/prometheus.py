"""A real Prometheus of its own, for the length of a test: scrapes, takes the alerts, is asked."""

from __future__ import annotations

import contextlib
import math
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from operations.panels import ALERTS, SCRAPES
from servers import free_port

READY_S = 60


@dataclass
class Prometheus:
    """A running server."""

    http: httpx.Client

    def series(self, expr: str, since_s: float, step_s: float = 1.0) -> list[dict[str, Any]]:
        """Those that a panel of this span would draw: each with its labels and its real values."""
        told = self._ask("query_range", query=expr, start=since_s, end=time.time(), step=step_s)
        found = []
        for one in told["result"]:
            values = [float(value) for _, value in one["values"]]
            real = [value for value in values if not math.isnan(value)]
            if real:
                found.append({"labels": one["metric"], "values": real})
        return found

    def now(self, expr: str) -> list[dict[str, Any]]:
        """What an expression gives at this moment."""
        return list(self._ask("query", query=expr)["result"])

    def until(self, expr: str, within_s: float = 60.0) -> list[dict[str, Any]]:
        """What an expression gives as soon as it gives anything."""
        until_s = time.monotonic() + within_s
        while not (found := self.now(expr)):
            assert time.monotonic() < until_s, f"nothing for {expr}"
            time.sleep(0.5)
        return found

    def _ask(self, kind: str, **params: Any) -> Any:
        response = self.http.post(f"/api/v1/{kind}", data=params)
        body = response.json()
        assert body["status"] == "success", f"{params['query']}: {body}"
        return body["data"]


@contextlib.contextmanager
def prometheus(folder: Path, targets: dict[str, list[str]]) -> Iterator[Prometheus]:
    """The project's own configuration with these targets by job, scraped every second."""
    told = yaml.safe_load(SCRAPES.read_text())
    told["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    told["rule_files"] = [str(ALERTS)]
    for job in told["scrape_configs"]:
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": targets[job["job_name"]]}]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(told))
    address = f"127.0.0.1:{free_port()}"
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address={address}",
                "--log.level=warn",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            with httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=30) as http:
                _until_ready(http, process, folder / "prometheus.log")
                yield Prometheus(http)
        finally:
            process.terminate()
            process.wait()


def _until_ready(http: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until_s = time.monotonic() + READY_S
    while time.monotonic() < until_s:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx.TransportError):
            if http.get("/-/ready").status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text())
