"""What is made of the code is current: documents, pages."""

from __future__ import annotations

import pytest
import yaml

import write_pages
from docs.blocks import ROOT
from pages import asyncapi
from pages.cli_page import commands
from pages.markdown import MADE, table
from pages.rest_page import document
from supply import licences_page


@pytest.mark.parametrize("name", write_pages.made())
def test_it_is_current(name: str) -> None:
    if name == write_pages.LICENCES and not licences_page.here():
        pytest.skip("this page tells of Linux x86-64 and CPython 3.11 alone")
    assert (ROOT / name).read_text("utf-8") == write_pages.made()[name](), "run `make pages`"


def test_a_page_that_is_not_current_is_told(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(write_pages, "made", lambda: {"docs/cli.md": lambda: "other"})
    assert write_pages.main(["--check"]) == 1
    assert "docs/cli.md: not current" in capsys.readouterr().out


def test_the_document_can_be_read_again() -> None:
    assert yaml.safe_load(asyncapi.text()) == asyncapi.document()


def test_every_call_and_every_command_is_on_its_page() -> None:
    rest = (ROOT / "docs/rest.md").read_text("utf-8")
    for path, item in document()["paths"].items():
        for method in item:
            assert f"### {method.upper()} {path}\n" in rest
    cli = (ROOT / "docs/cli.md").read_text("utf-8")
    for name in commands():
        assert f"## {name}\n" in cli


def test_a_bar_stays_in_its_cell() -> None:
    assert table(("a",), [["x | y\nz"]]) == "| a |\n| --- |\n| x \\| y z |\n"
    assert MADE.startswith("<!--")
