"""A folder and a real S3 server as places for objects: whole or not there, never half."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tiers import names_in, place_of
from ttm_protocol.errors import ConfigError, TierUnavailable
from ttm_server.config import Settings
from ttm_server.store.objects import open_objects

NAME = "abcdefgh.safetensors"


def settings_of(tier: dict[str, Any]) -> Settings:
    return Settings(**tier)


async def test_an_object_comes_back_as_it_was(tier: dict[str, Any]) -> None:
    place, data = place_of(settings_of(tier)), os.urandom(300_000)
    await place.put(NAME, data)
    await place.put(NAME, data)  # a repeat after a lost answer
    assert await place.get(NAME) == data
    assert await names_in(settings_of(tier)) == [NAME]
    await place.delete(NAME)
    await place.delete(NAME)
    assert await place.get(NAME) is None
    assert await names_in(settings_of(tier)) == []


async def test_a_place_that_is_away_is_told_from_an_object_that_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for url in (tmp_path / "file" / "tier", tmp_path / "nowhere"):
        place = place_of(Settings(tier_url=url.as_uri()))
        with pytest.raises(TierUnavailable, match=r"\(get\)"):
            await place.get(NAME)
        with pytest.raises(TierUnavailable, match=r"\(delete\)"):
            await place.delete(NAME)
    with pytest.raises(TierUnavailable, match=r"\(put\)"):
        await place_of(Settings(tier_url=(tmp_path / "file" / "x").as_uri())).put(NAME, b"data")


async def test_a_bucket_is_not_opened_with_wrong_keys(
    s3_server: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = {"tier_url": "s3://sessions/x", "tier_endpoint": s3_server, "tier_access_key": "tier"}
    place = place_of(Settings(**given, tier_secret_key="a-wrong-secret"))
    for call in (place.get(NAME), place.put(NAME, b"data"), place.delete(NAME)):
        with pytest.raises(TierUnavailable) as told:
            await call
        assert "secret" not in str(told.value)
    assert "tier: get failed" in caplog.text
    assert "a-wrong-secret" not in caplog.text


async def test_a_bucket_that_does_not_exist_is_no_missing_object(s3_server: str) -> None:
    place = place_of(
        Settings(
            tier_url="s3://there-is-none",
            tier_endpoint=s3_server,
            tier_access_key="tier",
            tier_secret_key="secret-of-the-tier",
        )
    )
    with pytest.raises(TierUnavailable):
        await place.get(NAME)


async def test_a_server_that_is_away_is_said_so() -> None:
    place = place_of(
        Settings(
            tier_url="s3://sessions",
            tier_endpoint="http://127.0.0.1:1",
            tier_access_key="a",
            tier_secret_key="b",
        )
    )
    with pytest.raises(TierUnavailable, match=r"\(get\)"):
        await place.get(NAME)


async def test_files_are_private_and_what_was_cut_off_counts_as_no_object(tmp_path: Path) -> None:
    settings = Settings(tier_url=(tmp_path / "tier").as_uri())
    await place_of(settings).put(NAME, b"data")
    file = tmp_path / "tier" / "ab" / NAME
    assert file.read_bytes() == b"data"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [one.name for one in file.parent.iterdir()] == [NAME]
    cut_off = file.with_name(NAME + ".0a1b.unfinished")
    cut_off.write_bytes(b"da")
    assert await names_in(settings) == [NAME]
    assert cut_off.exists()
    os.utime(cut_off, (0, 0))
    assert await names_in(settings) == [NAME]
    assert not cut_off.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"tier_url": "/var/tier"}, "tier_url"),
        ({"tier_url": "file:///"}, "tier_url"),
        ({"tier_url": "gs://bucket/x"}, "tier_url"),
        ({"tier_url": "s3:///prefix"}, "tier_url"),
        ({"tier_url": "s3://key:secret@bucket"}, "tier_url"),
    ],
)
def test_what_is_no_place_is_refused_by_name(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as told:
        open_objects(Settings(**given))
    assert told.value.field == field
    assert "secret@" not in str(told.value)


def test_one_key_is_nothing_without_the_other() -> None:
    with pytest.raises(ValueError, match="both are needed"):
        Settings(tier_access_key="a")
    assert open_objects(Settings()) is None
