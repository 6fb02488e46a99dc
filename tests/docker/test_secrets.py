"""`docker/make-secrets.sh` makes what is missing, at random, and never overwrites."""

import re
import stat
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "docker" / "make-secrets.sh"
NAMES = {"store_auth", "redis_url", "api_keys", "client_key", "grafana_password"} | {
    "mediamtx",
    "media_publisher",
    "media_reader",
}


def made(folder):
    subprocess.run([str(SCRIPT), str(folder)], check=True, capture_output=True)
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_secrets_are_random_agree_and_stay(tmp_path):
    first, other = made(tmp_path / "a"), made(tmp_path / "b")
    assert set(first) == NAMES
    assert not set(first.values()) & set(other.values())
    password = re.fullmatch(r"requirepass ([0-9a-f]{64})\n", first["store_auth"])[1]
    assert first["redis_url"] == f"redis://:{password}@store:6379/0\n"
    assert first["client_key"] == first["api_keys"]
    for name in ("media_publisher", "media_reader"):
        assert f"pass: {first[name]}" in first["mediamtx"]
    assert made(tmp_path / "a") == first


def test_the_folder_is_closed_and_its_files_can_be_mounted(tmp_path):
    made(tmp_path / "a")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "a").iterdir()} == {0o444}


def test_what_is_lost_is_made_to_fit_what_is_there(tmp_path):
    first = made(tmp_path / "a")
    (tmp_path / "a" / "redis_url").unlink()
    (tmp_path / "a" / "client_key").unlink()
    (tmp_path / "a" / "mediamtx").unlink()
    assert made(tmp_path / "a") == first
