"""`ttmserve config`: what a process would run with here, without its secrets."""

from __future__ import annotations

import os
import subprocess
import sys


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TTM_")}
    return subprocess.run(
        [sys.executable, "-m", "ttm_server.cli", "config", *arguments],
        env=kept | {"COLUMNS": "160"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_shows_values_and_where_they_come_from_but_no_secret() -> None:
    done = run(
        TTM_API_KEYS="key-Tulip,key-Rose",
        TTM_REDIS_URL="redis+sentinel://user:pw-Lilac@h:1,h:2/main?sentinel_password=pw-Violet",
        TTM_MAX_BATCH="7",
    )
    assert done.returncode == 0, done.stderr
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells[2:-1]]
        for line in done.stdout.splitlines()
        if len(cells := line.split("│")) > 3
    }
    assert rows["TTM_MAX_BATCH"] == ["7", "environment", "worker"]
    assert rows["TTM_PORT"] == ["8000", "default", "gateway"]
    assert rows["TTM_REDIS_URL"][0] == "redis+sentinel://***@h:1,h:2/main"
    for secret in ("Tulip", "Rose", "Lilac", "Violet"):
        assert secret not in done.stdout


def test_a_misspelt_setting_is_named() -> None:
    done = run(TTM_MAX_BATHC="7")
    assert done.returncode == 1
    assert "TTM_MAX_BATHC: no such setting" in done.stderr
