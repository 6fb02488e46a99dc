"""Every setting may stand in a file that `NAME_FILE` names."""

import os
import subprocess
import sys

import pytest

from ttm_protocol.errors import ConfigError
from ttm_server.config import load_settings
from ttm_server.secret_files import MAX_BYTES

URL = "redis://:a-password@store:6379/0"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("TTM")]:
        monkeypatch.delenv(name)


def test_a_file_stands_for_a_setting_and_a_flag_for_both(tmp_path, monkeypatch):
    (tmp_path / "url").write_text(f"{URL}\n")
    (tmp_path / "port").write_text("9001")
    monkeypatch.setenv("TTM_REDIS_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("TTM_PORT_FILE", str(tmp_path / "port"))
    assert (load_settings().redis_url, load_settings().port) == (URL, 9001)
    assert load_settings(port=9002).port == 9002


def test_keys_stand_one_a_line(tmp_path, monkeypatch):
    (tmp_path / "keys").write_text("first\nsecond, third\n\n")
    monkeypatch.setenv("TTM_API_KEYS_FILE", str(tmp_path / "keys"))
    held = [key.get_secret_value() for key in load_settings().api_keys]
    assert held == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (None, "cannot read"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"x" * (MAX_BYTES + 1), f"longer than {MAX_BYTES} bytes"),
    ],
)
def test_a_file_that_cannot_be_one_is_named_with_its_variable(held, told, tmp_path, monkeypatch):
    if held is not None:
        (tmp_path / "url").write_bytes(held)
    monkeypatch.setenv("TTM_REDIS_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(ConfigError, match=told) as raised:
        load_settings()
    assert raised.value.field == "TTM_REDIS_URL_FILE"


def test_a_bad_value_in_a_file_is_not_shown(tmp_path, monkeypatch):
    (tmp_path / "port").write_text("not-for-everybody")
    monkeypatch.setenv("TTM_PORT_FILE", str(tmp_path / "port"))
    with pytest.raises(ConfigError, match=r"^port: ") as raised:
        load_settings()
    assert "not-for-everybody" not in str(raised.value)


def test_a_variable_and_its_file_are_not_both_taken(tmp_path, monkeypatch):
    (tmp_path / "url").write_text(URL)
    monkeypatch.setenv("TTM_REDIS_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("TTM_REDIS_URL", URL)
    with pytest.raises(ConfigError, match="TTM_REDIS_URL is set as well"):
        load_settings()


def test_a_misspelt_file_variable_is_refused(monkeypatch):
    monkeypatch.setenv("TTM_REDIS_FILE", "/nowhere")
    with pytest.raises(ConfigError, match="TTM_REDIS_FILE: no such setting"):
        load_settings()


def test_the_command_line_takes_its_key_from_a_file(tmp_path):
    own = {key: value for key, value in os.environ.items() if not key.startswith("TTM")}
    done = subprocess.run(
        [sys.executable, "-m", "ttm_server.cli", "sessions"],
        env=own | {"TTMSERVE_API_KEY_FILE": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"TTMSERVE_API_KEY_FILE: cannot read {tmp_path / 'none'}" in done.stderr
