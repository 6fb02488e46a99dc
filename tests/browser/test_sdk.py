"""The JavaScript SDK: its types, its parts under node, and a session against the whole stack."""

import json
import shutil
from pathlib import Path

import pytest

from browser.node_runs import run, run_tests
from gateway.recordings import record
from ttm_server.cli.supervisor import running_stack
from ttm_server.config import Settings

HERE = Path(__file__).parent
CONFORMANCE = HERE.parent / "conformance"
TSCONFIG = HERE.parent.parent / "clients" / "browser" / "sdk" / "tsconfig.json"
NEEDS_SERVER = {"session.test.js", "media.test.js"}
PARTS = sorted(path.name for path in (HERE / "sdk").glob("*.test.js"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), port=0)
    variables = {"TTM_THREADS": "1", "TTM_LEASE_TTL_S": "2", "TTM_LOG_LEVEL": "warning"}
    with running_stack(settings, workers=1, **variables) as running:
        yield running


def test_the_types_are_right(node, packages):
    run(node, packages / "typescript" / "bin" / "tsc", "-p", TSCONFIG)


def test_the_type_check_can_fail(node, packages, tmp_path):
    folder = tmp_path / "sdk"
    shutil.copytree(TSCONFIG.parent, folder)
    with (folder / "ring.js").open("a") as file:
        file.write("\nnew ChunkRing().add({ t: 'now', d: 0.5 });\n")
    with pytest.raises(AssertionError, match="TS2322"):
        run(node, packages / "typescript" / "bin" / "tsc", "-p", folder / "tsconfig.json")


@pytest.mark.parametrize("name", [part for part in PARTS if part not in NEEDS_SERVER])
def test_part(node, name):
    run_tests(node, HERE / "sdk" / name)


def test_a_session_against_a_real_gateway_and_worker(node, packages, stack):
    run_tests(node, HERE / "sdk" / "session.test.js", TTM_TEST_BASE_URL=stack.base_url)


def test_a_recording_against_a_real_gateway_and_worker(node, packages, stack, tmp_path):
    """Sound as PCM, so that a decoder that begins in the middle gives the same samples."""
    recording = tmp_path / "recording.mkv"
    recording.write_bytes(record(12.0, form="matroska", audio="pcm_s16le", rate_hz=16_000, gop=20))
    variables = {"TTM_TEST_BASE_URL": stack.base_url, "TTM_TEST_RECORDING": str(recording)}
    run_tests(node, HERE / "sdk" / "media.test.js", **variables)


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("basic", {"ok": True, "durable": 20, "applied": 20}),
        ("resume", {"ok": True, "durable": 20, "applied": 20}),
        ("supersede", {"ok": True, "code": 4409}),
        ("bad", {"ok": True, "code": 4400}),
        ("ask", {"ok": True, "state": "not_seen"}),
    ],
)
def test_conformance(node, packages, stack, scenario, expected):
    (line,) = run(node, CONFORMANCE / "client.mjs", stack.base_url, scenario).splitlines()
    assert json.loads(line) == expected


def test_the_sdk_imports_nothing_but_itself():
    """No dependency, no address outside: what a page loads is what lies in the folder."""
    for path in TSCONFIG.parent.glob("*.js"):
        source = path.read_text()
        for line in source.splitlines():
            if line.startswith(("import ", "export ")) and " from " in line:
                name = line.rsplit(" from ", 1)[1].strip("';")
                assert name.startswith("./"), f"{path.name}: {line}"
                assert (path.parent / name).is_file(), f"{path.name}: {line}"
        assert "https://" not in source, path.name
