"""`docker/compose.yaml` is valid to a real Compose, and keeps what it says of secrets and doors."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docker.engine import CannotRun, find_compose

DOCKER = Path(__file__).parents[2] / "docker"
PROFILES = ("lan", "watch", "gpu", "media", "tools")
ENDLESS = {"weights", "client"}  # commands of a moment: nothing to probe and nothing to limit


@pytest.fixture(scope="module")
def compose():
    try:
        return find_compose(shutil.which("docker") or "docker")
    except (CannotRun, FileNotFoundError) as why:
        pytest.skip(str(why))


def resolved(compose, folder, more=(), **variables):
    """The whole file as Compose understands it, with variables in `.env` and secrets made."""
    files = ("compose.yaml", *more)
    for name in (*files, "make-secrets.sh"):
        shutil.copy(DOCKER / name, folder / name)
    subprocess.run([str(folder / "make-secrets.sh")], check=True, capture_output=True)
    (folder / ".env").write_text("".join(f"{k}={v}\n" for k, v in variables.items()))
    flags = [word for name in files for word in ("--file", name)]
    flags += [word for profile in PROFILES for word in ("--profile", profile)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TTM")}
    done = subprocess.run(
        [*compose, *flags, "config", "--format", "json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower(), done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def stack(compose, tmp_path_factory):
    return resolved(compose, tmp_path_factory.mktemp("stack"))


def test_every_service_is_bounded_and_confined(stack):
    for name, service in stack["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name
        assert name in ENDLESS or service["deploy"]["resources"]["limits"]["memory"], name


def test_only_the_doors_are_open_and_to_this_machine_alone(stack):
    open_to = {
        name: {port.get("host_ip") for port in service["ports"]}
        for name, service in stack["services"].items()
        if service.get("ports")
    }
    assert open_to.pop("caddy") == {"0.0.0.0"}
    assert open_to == {name: {"127.0.0.1"} for name in ("gateway", "grafana", "mediamtx")}
    networks = {name: bool(net.get("internal")) for name, net in stack["networks"].items()}
    assert networks == {"store": True, "metrics": True, "front": False}
    assert set(stack["services"]["store"]["networks"]) == {"store"}
    assert set(stack["services"]["worker"]["networks"]) == {"store", "metrics"}
    assert set(stack["services"]["caddy"]["networks"]) == {"front"}


def test_secrets_are_files_and_stand_nowhere_in_the_file(stack):
    assert {Path(secret["file"]).parent.name for secret in stack["secrets"].values()} == {"secrets"}
    told = json.dumps(stack)
    for secret in stack["secrets"].values():
        for word in re.findall(r"[0-9a-f]{64}", Path(secret["file"]).read_text()):
            assert word not in told


def test_the_store_keeps_what_it_is_given(stack):
    store = stack["services"]["store"]
    assert store["command"][2:] == ["--maxmemory", "1gb", "--appendfsync", "everysec"]
    lines = (DOCKER / "valkey.conf").read_text().splitlines()
    for line in ("appendonly yes", "maxmemory-policy noeviction", "no-appendfsync-on-rewrite no"):
        assert line in lines
    assert not any(line.startswith("requirepass") for line in lines)


def test_settings_of_the_env_file_arrive(compose, tmp_path):
    told = resolved(
        compose,
        tmp_path,
        TTM_DURABILITY="strict",
        STORE_FSYNC="always",
        WORKERS="4",
        TTM_SPEECH="base",
        TTM_SPEECH_LANGUAGE="de",
    )["services"]
    assert told["store"]["command"][-1] == "always"
    assert {told[name]["environment"]["TTM_DURABILITY"] for name in ("gateway", "worker")} == {
        "strict"
    }
    assert told["worker"]["deploy"]["replicas"] == 4
    assert told["worker-gpu"]["environment"]["TTM_SPEECH_LANGUAGE"] == "de"


def test_whoever_holds_memories_knows_where_idle_ones_are(compose, tmp_path):
    stack = resolved(compose, tmp_path, more=("compose.tier.yaml",), TTM_TIER_AFTER_S="60")
    for name in ("gateway", "worker", "worker-gpu"):
        service = stack["services"][name]
        assert service["environment"]["TTM_TIER_URL"] == "file:///tier"
        assert service["environment"]["TTM_TIER_AFTER_S"] == "60"
        assert {"tier"} <= {volume["source"] for volume in service["volumes"]}
        assert {"store", "front"} <= set(service["networks"])
    assert "RUN mkdir /tier && chown 10001:10001 /tier" in (DOCKER / "Dockerfile").read_text()


def test_a_gpu_is_reserved_by_its_profile_alone(stack):
    (device,) = stack["services"]["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["count"], device["capabilities"]) == ("nvidia", 1, ["gpu"])
    assert stack["services"]["worker-gpu"]["profiles"] == ["gpu"]
    assert "profiles" not in stack["services"]["worker"]


def test_without_docker_the_run_says_so_in_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "docker.run"],
        cwd=Path(__file__).parents[1],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "docker-test: not run: no `docker` is installed\n"
