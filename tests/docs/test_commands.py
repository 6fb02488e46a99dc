"""Every block of the documentation runs as it is written, against one real server and a real film.

What a page says before a block is not run (see `blocks`), but what it names must exist:
`test_names.py`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

import av
import pytest

from docs.blocks import PYTHON, ROOT, RUN, SCRIPTS, SHELLS, Block, blocks, pages
from local_files import cut
from ttm_client.sync import Client
from ttm_server.cli.supervisor import running_stack
from ttm_server.config import Settings

FILM_S = 12.0  # coffee, and the beginning of a macaw
CUP_AT_S = 7.0
WRITTEN_AT = "http://127.0.0.1:8000"
WITH_BLOCKS = [
    page
    for page in pages()
    if any(block.language in RUN and not block.skipped for block in blocks(page))
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), port=0)
    with running_stack(settings, workers=1, TTM_THREADS="1", TTM_LOG_LEVEL="warning") as stack:
        yield stack


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages speak of: film.mp4 (the demo clip's first seconds), cup.jpg."""
    folder = tmp_path_factory.mktemp("things")
    with as_file(files("ttm_client.demo") / "clip.mp4") as clip:
        cut(clip, folder / "film.mp4", FILM_S)
        with av.open(str(clip)) as whole:
            frame = next(one for one in whole.decode(video=0) if one.time >= CUP_AT_S)
            frame.to_image().save(folder / "cup.jpg")
    return folder


@pytest.fixture(scope="module")
def seen(server, things: Path) -> str:
    """A session that has seen the film."""
    with Client(server.base_url) as client, client.session() as session:
        session.stream(things / "film.mp4")
        return session.id


@pytest.fixture
def folder(server, seen: str, things: Path, tmp_path: Path) -> Path:
    """Where a page's blocks run: the things, and ID and OTHER for what follows."""
    for thing in things.iterdir():
        shutil.copy(thing, tmp_path)
    (tmp_path / "clients").symlink_to(ROOT / "clients")
    (tmp_path / "bin").mkdir()
    for name, what in (("ttmserve", "-m ttm_server.cli"), ("python", "")):
        command = tmp_path / "bin" / name
        command.write_text(f'#!/bin/sh\nexec {sys.executable} {what} "$@"\n')
        command.chmod(0o755)
    with Client(server.base_url) as client, client.session() as other:
        (tmp_path / ".variables").write_text(f"ID={seen}\nOTHER={other.id}\n")
    return tmp_path


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_the_page_runs(page: Path, server, folder: Path) -> None:
    work = Work(folder, server.base_url)
    for block in blocks(page):
        if block.mark.startswith(("file:", "append:", "patch")):
            work.change(block)
        elif block.language in RUN and not block.skipped:
            work.run(block)


class Work:
    """The blocks of one page, one after the other; variables of the shell last."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.folder = folder
        self.base_url = base_url
        self.copy: Path | None = None  # of the repository, where a page changes it

    def run(self, block: Block) -> None:
        """Run it; show all that it printed where it fails."""
        text = block.commands.replace(WRITTEN_AT, self.base_url)
        if block.language in SHELLS:
            name, command = "block.sh", ["bash", "-euo", "pipefail"]
            text = f". {self.folder}/.variables; export ID OTHER\n{text}\n"
            text += f"declare -p ID OTHER > {self.folder}/.variables\n"
        elif block.language in PYTHON:
            name, command = "block.py", [sys.executable, "-W", "error"]
        else:
            assert block.language in SCRIPTS
            name, command = "block.mjs", node()
        (self.folder / name).write_text(text)
        done = subprocess.run(
            [*command, str(self.folder / name)],
            cwd=self.copy or self.folder,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{block.where}\n{text}\n{done.stdout}\n{done.stderr}"

    def variables(self) -> dict[str, str]:
        """As a user has them: the commands in the path, nothing set but where the server is."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("TTM_")}
        told = re.findall(
            r'(\w+)="?(\w+)"?$', (self.folder / ".variables").read_text(), re.MULTILINE
        )
        paths = [] if self.copy is None else [self.copy / "model", self.copy / "tests"]
        inherited = os.environ.get("PYTHONPATH", "")
        return own | {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": ":".join([*map(str, paths), *([inherited] if inherited else [])]),
            "TTMSERVE_URL": self.base_url,
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "120",
            **dict(told),
        }

    def change(self, block: Block) -> None:
        """Change the copy of the repository as the block says."""
        if self.copy is None:
            self.copy = self.folder / "repository"
            away = shutil.ignore_patterns("node_modules", "__pycache__")
            for name in ("model/ttm_model", "tests", "pyproject.toml"):
                source, target = ROOT / name, self.copy / name
                if source.is_dir():
                    shutil.copytree(source, target, ignore=away, symlinks=True)
                else:
                    shutil.copy(source, target)
        kind, _, name = block.mark.partition(": ")
        if kind == "patch":
            subprocess.run(
                ["git", "apply", "-"], input=block.text, text=True, cwd=self.copy, check=True
            )
            return
        path = self.copy / name
        assert path.exists() == (kind == "append"), f"{block.where}: {name}"
        with path.open("a", encoding="utf-8") as file:
            file.write(block.text)


def node() -> list[str]:
    """Node, with a WebSocket."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node is not installed")
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    return [found] if int(told[1:].split(".")[0]) >= 22 else [found, "--experimental-websocket"]


def test_a_block_that_fails_fails_its_test(folder: Path, server) -> None:
    wrong = Block(ROOT / "README.md", 1, "bash", "ttmserve ask nobody 'what?'\necho no\n", "", "")
    with pytest.raises(AssertionError, match=r"README.md:1"):
        Work(folder, server.base_url).run(wrong)


def test_what_is_not_run_says_why() -> None:
    told = {block.where: block.skipped for page in pages() for block in blocks(page)}
    for where, why in told.items():
        assert not why or len(why.split()) >= 3, where
    assert any(told.values())
