"""Every command of the runbook runs on a running stack, and its backup can be restored."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import httpx
import pytest
import websockets

from gateway.harness import Client
from operations.stack import processes
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, Store

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"
TOOLS = ("curl", "redis-cli", "grep", "cp")


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", RUNBOOK.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """As the runbook wants it, with `ttmserve` on the path."""
    program = folder / "bin" / "ttmserve"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ttm_server.cli "$@"\n')
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TTM")}
    return kept | variables | {"PATH": f"{program.parent}{os.pathsep}{kept['PATH']}"}


async def shell(line: str, env: dict[str, str]) -> tuple[int, str]:
    child = await asyncio.create_subprocess_shell(
        line, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await child.communicate()
    return child.returncode or 0, out.decode()


@pytest.mark.slow
async def test_every_command_runs_and_a_backup_restores(tmp_path: Path) -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    backup = tmp_path / "backup"
    backup.mkdir()
    with EmbeddedServer(tmp_path / "data") as server:
        async with processes(tmp_path, server.url) as running:
            async with httpx.AsyncClient(base_url=running.base, trust_env=False) as http:
                session = (await http.post("/v1/sessions")).json()
            sid = session["session_id"]
            async with websockets.connect(session["stream_url"], proxy=None) as socket:
                client = Client(socket, sid)
                await client.start(session["ticket"])
                for seq in range(1, 5):
                    await client.send(seq)
                await client.expect("ack", durable=4, applied=4)
                env = environment(
                    tmp_path,
                    TTMSERVE_URL=running.base,
                    WORKER_URL=running.probes,
                    TTM_REDIS_URL=server.url,
                    SESSION=sid,
                    DATA_DIR=str(server.data_dir),
                    BACKUP_DIR=str(backup),
                )
                told = {}
                for line in commands():
                    status, told[line] = await shell(line, env)
                    assert status == 0, f"{line}\n{told[line]}"
                    assert not re.match(r"\(error\)|(ERR|WRONGTYPE|NOAUTH) ", told[line]), line
    text = "\n".join(told.values())
    assert '{"status":"ready"}' in text
    assert sid in text
    with EmbeddedServer(backup) as restored:
        async with await Store.connect(restored.url, Settings()) as store:
            info = await store.gateway.session(sid)
            assert (info.durable_seq, info.applied_seq) == (4, 4)


def test_what_the_runbook_names_is_there() -> None:
    """Settings, metrics, alerts and log lines by their names in the code."""
    text = RUNBOOK.read_text()
    source = "".join(path.read_text() for path in (RUNBOOK.parents[1] / "server").rglob("*.py"))
    for name in set(re.findall(r"`?TTM_([A-Z_]+)", text)):
        assert name.lower() in Settings.model_fields, name
    for line in ("trying a session alone after", "session left alone", "hangs: ", "failed: "):
        assert line in source
    alerts = (RUNBOOK.parents[1] / "docker/prometheus/alerts.yml").read_text()
    dashboard = (RUNBOOK.parents[1] / "docker/grafana/dashboards/ttmserve.json").read_text()
    for told in re.findall(r"[Aa]lerts? ((?:`\w+`(?:, )?)+)", text):
        for name in re.findall(r"`(\w+)`", told):
            assert f"alert: {name}\n" in alerts, name
    for told in re.findall(r"panels? ((?:\*[^*]+\*(?:, )?)+)", text):
        for name in re.findall(r"\*([^*]+)\*", told.replace("\n", " ")):
            assert f'"title": "{name}"' in dashboard, name
