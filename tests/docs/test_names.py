"""What the pages name exists: commands, options, make targets, settings, metrics, calls, files."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from docs.blocks import ELSEWHERE, RECORDS, ROOT, SHELLS, blocks, pages, prose
from pages.cli_page import commands
from pages.rest_page import document
from ttm_server.cli.demo import load_questions
from ttm_server.config import PREFIX, Settings

# Folders in which a path in backticks is a file of this repository.
TOP = ("server/", "model/", "clients/", "tests/", "docs/", "tools/", "docker/")
PAGES = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
CURRENT = pytest.mark.parametrize(
    "page",
    [page for page in pages() if not str(page.relative_to(ROOT)).startswith(RECORDS)],
    ids=lambda page: str(page.relative_to(ROOT)),
)
CLIENT_SETTINGS = {"TTM_API_KEY"}  # of `ttmserve mcp`, read by the command line
PASSED_ON = ("bench", "eval", "train")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def code(page: Path) -> list[str]:
    """Everything on a page that is code: inline, and the lines of its shell blocks."""
    found = re.findall(r"`([^`\n]+)`", prose(page))
    for block in blocks(page):
        if block.language in SHELLS:
            found += block.commands.replace("\\\n", " ").splitlines()
    return found


def calls(page: Path, command: str) -> Iterator[list[str]]:
    """The words of every call of a command, until the next pipe or semicolon."""
    for line in code(page):
        for part in re.split(r"[|;&]|\$\(", line):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:
                continue
            while words and re.fullmatch(r"[A-Z_]+=\S*|exec|sudo|time", words[0]):
                words = words[1:]
            if words and words[0].removeprefix(".venv/bin/") == command:
                yield words[1:]


@PAGES
def test_commands_and_their_options_exist(page: Path) -> None:
    known = commands()
    for words in calls(page, "ttmserve"):
        if not words or words[0].startswith("-") or words[0].isupper() or words[0] == "…":
            continue
        name = next((n for n in (" ".join(words[:2]), words[0]) if n in known), None)
        groups = {one.partition(" ")[0] for one in known if " " in one}
        assert name or (words[0] in groups and len(words) == 1), f"ttmserve {' '.join(words)}"
        for flag in (word.partition("=")[0] for word in words if word.startswith("--")):
            assert flag in options(name or ""), f"ttmserve {' '.join(words)}"


@cache
def options(name: str) -> set[str]:
    """The options of a command; of those with a parser of their own, what their source has."""
    found = {"--help"}
    if name in PASSED_ON:
        module = {
            "bench": "bench.py",
            "eval": "evaluation/__main__.py",
            "train": "training/__main__.py",
        }
        return found | set(FLAG.findall((ROOT / "model/ttm_lab" / module[name]).read_text()))
    for parameter in commands()[name].params if name else ():
        found |= {*parameter.opts, *parameter.secondary_opts}
    return found


@PAGES
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in calls(page, "make"):
        for word in words:
            if re.fullmatch(r"[a-z][a-z-]+", word) and "install" not in word:
                assert word in targets, f"make {word}"


@PAGES
def test_scripts_exist(page: Path) -> None:
    for words in (*calls(page, "python"), *calls(page, "python3")):
        if not words:
            continue
        if words[0] == "-m" and words[1].split(".")[0].startswith("ttm_"):
            parts = Path(*words[1].split("."))
            roots = [ROOT / top / parts for top in ("server", "model", "clients/python")]
            assert any(r.with_suffix(".py").exists() or r.is_dir() for r in roots), words[1]
        elif words[0].endswith(".py") and "/" in words[0]:
            assert (ROOT / words[0]).exists(), words[0]


@CURRENT
def test_settings_exist(page: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | CLIENT_SETTINGS
    known |= {PREFIX + "X"}  # stands for any
    for name in re.findall(r"\bTTM_[A-Z][A-Z_]*[A-Z]\b", page.read_text("utf-8")):
        assert name in known or any(one + "_FILE" == name for one in known), name


@CURRENT
def test_metrics_exist(page: Path) -> None:
    for name in re.findall(r"\bttm_[a-z_]+", " ".join(code(page))):
        if not is_module(name):
            assert name in metrics(), name


@cache
def metrics() -> set[str]:
    """Every string in the server that is named like a metric, and what Prometheus makes of it."""
    found: set[str] = set()
    for path in (ROOT / "server/ttm_server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and re.fullmatch(r"ttm_[a-z_]+", str(node.value)):
                found.add(node.value)
    ends = ("", "_total", "_bucket", "_count", "_sum", "_created")
    return {name + end for name in found for end in ends}


def is_module(name: str) -> bool:
    """Whether it is one of our packages."""
    return any((ROOT / top / name).is_dir() for top in ("server", "model", "clients/python"))


@PAGES
def test_calls_exist(page: Path) -> None:
    known = {re.sub(r"\{\w+\}", "{}", path) for path in document()["paths"]}
    known |= {"/v1/sessions/{}/stream", "/docs", "/openapi.json", "/asyncapi.yaml", "/v1"}
    for text in code(page):
        for path in re.findall(r"(?<![\w.])(?:/v1/[\w/{}$.]+|/(?:healthz|readyz)\b)", text):
            plain = re.sub(r"\{\w*\}|\$\{?\w+\}?|(?<=sessions/)[A-Z]+\b", "{}", path).rstrip("./")
            assert plain in known, path


@PAGES
def test_files_of_the_repository_exist(page: Path) -> None:
    made = {block.mark.partition(": ")[2] for block in blocks(page)}  # by the page itself
    later = tuple((ROOT / ".gitignore").read_text("utf-8").split())  # by a command, never kept
    for text in re.findall(r"`([^`\s]+)`", prose(page)):
        if text.startswith(TOP) and not re.search(r"[*{}<>]|[A-Z]{4,}\b(?!\.)", text):
            there = (ROOT / text.partition(":")[0]).exists()
            assert there or text in made or text.startswith(later), text


@PAGES
def test_services_and_profiles_of_compose_exist(page: Path) -> None:
    file = ROOT / "docker/compose.yaml"
    used = [words[1:] for words in calls(page, "docker") if words[:1] == ["compose"]]
    if not used:
        return
    services = yaml.safe_load(file.read_text("utf-8"))["services"]
    profiles = {name for one in services.values() for name in one.get("profiles", ())}
    for words in used:
        given = list(pairwise(words))
        told = {name for flag, name in given if flag == "--profile"}
        scaled = {name.partition("=")[0] for flag, name in given if flag == "--scale"}
        assert told <= profiles, words
        assert scaled <= set(services), words


@PAGES
def test_values_of_the_chart_exist(page: Path) -> None:
    file = ROOT / "docker/helm/ttmserve/values.yaml"
    used = [words for words in calls(page, "helm") if "--set" in words]
    if not used:
        return
    values = yaml.safe_load(file.read_text("utf-8"))
    for words in used:
        for flag, given in pairwise(words):
            if flag == "--set":
                place = values
                for key in given.partition("=")[0].split("."):
                    assert key in place, given
                    place = place[key]


def test_what_runs_the_commands_of_other_pages_exists() -> None:
    targets = (ROOT / "Makefile").read_text("utf-8")
    for page, (runs, _) in ELSEWHERE.items():
        target = runs.removeprefix("make ")
        assert (ROOT / page).exists()
        assert (ROOT / runs).exists() or f"\n{target}:" in targets, runs


def test_readme_tells_how_many_questions_the_demo_asks() -> None:
    for page in (ROOT / "README.md", ROOT / "docs/quickstart.md"):
        (told,) = re.findall(r"asks (\d+) questions", page.read_text())
        assert int(told) == len(load_questions())


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
