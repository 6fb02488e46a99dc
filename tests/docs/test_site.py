"""The site builds without a warning, and a page of it asks no other host for anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from docs.blocks import ROOT, pages
from local_files import served

# Where a browser fetches from by itself; `href` of an `a` is followed only by whoever clicks it.
FETCHED = {
    ("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"),
    ("video", "src"), ("audio", "src"), ("object", "data"), ("use", "href"),
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


class Fetches(HTMLParser):
    """Collects what a page fetches by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "link" and told.get("rel") in ("canonical", "prev", "next", "alternate"):
            return
        self.addresses += [value for name, value in attrs if value and (tag, name) in FETCHED]


def test_no_page_asks_another_host(site: Path) -> None:
    found = sorted(site.rglob("*.html"))
    assert found
    for path in found:
        parser = Fetches()
        parser.feed(path.read_text("utf-8"))
        assert parser.addresses
        for address in parser.addresses:
            assert not re.match(r"(?:[a-z]+:)?//", address), f"{path.name}: {address}"


def test_no_stylesheet_asks_another_host(site: Path) -> None:
    found = sorted(site.rglob("*.css"))
    assert found
    for path in found:
        text = path.read_text("utf-8")
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", text), path.name


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_that_reads_and_searches_asks_no_other_host(site: Path) -> None:
    """The theme's scripts ask nobody either, from a server or from a folder."""

    with served(site) as base:
        asked = _read_and_search(base, site)
    assert len(asked) > 10
    own = (f"{base}/", "file:", "data:", "blob:")
    assert [address for address in asked if not address.startswith(own)] == []


def _read_and_search(base: str, site: Path) -> list[str]:
    """Every address that a browser asks for, while it reads two pages and searches one."""
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        # What is typed before the theme's scripts listen is never searched for.
        page.goto(f"{base}/concepts.html", wait_until="networkidle")
        page.click("input[name=query]")
        page.keyboard.type("archive")
        page.wait_for_selector(".md-search-result__link")
        page.goto(f"file://{site}/protocol.html")
        page.wait_for_load_state("networkidle")
        browser.close()
    return asked


def test_every_page_is_in_the_site(site: Path) -> None:
    for page in pages():
        if page.parent != ROOT:
            name = "index" if page.name == "README.md" else page.stem
            told = page.relative_to(ROOT / "docs").with_name(f"{name}.html")
            assert (site / told).exists(), told
