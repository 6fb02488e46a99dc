"""The fenced blocks of a page, and what a comment before one says about it.

`<!-- not run: WHY -->` before a block, or `<!-- commands not run: WHY -->` anywhere in a page for
all of its blocks. `<!-- file: PATH -->`, `<!-- append: PATH -->` and `<!-- patch -->`: the block is
(a part of) a file in a copy of the repository, in which the rest of the page's blocks then run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SHELLS = frozenset({"bash", "sh", "shell", "console"})
PYTHON = frozenset({"python", "py"})
SCRIPTS = frozenset({"js", "javascript", "mjs"})
RUN = SHELLS | PYTHON | SCRIPTS
# A block without a language is commands where it begins with one of these.
COMMANDS = {"cat", "cd", "curl", "docker", "echo", "git", "helm", "kubectl", "make", "pip"}
COMMANDS |= {"python", "python3", "redis-cli", "ttmserve"}
# Pages whose commands are not run by the tests of this folder: by what else, and why.
ELSEWHERE = {
    "docs/deploy.md": ("make docker-test", "they need Docker, and build images"),
    "docs/kubernetes.md": (
        "make helm-test",
        "they need a cluster; the chart is rendered and checked",
    ),
    "docs/runbook.md": ("tests/operations/test_runbook.py", "they need a store of their own"),
}
RECORDS = ("docs/adr/", "docs/eval/", "docs/operations/")  # of their day: nothing in them is run

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^>]*?) -->\n)?^```(?P<language>[a-z]*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_WHOLE_PAGE = re.compile(r"^<!-- commands not run: (.+?) -->$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block: where, in which language, its text, and why it is not run or what file it is."""

    page: Path
    line: int
    language: str
    text: str
    skipped: str  # why it is not run; empty: it is
    mark: str

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> str:
        """The text without prompts and, where it has prompts, without what was printed."""
        if self.language != "console":
            return self.text
        lines = self.text.splitlines()
        return "\n".join(line[2:] for line in lines if line.startswith("$ ")) + "\n"


def pages() -> list[Path]:
    """README and every page of the documentation that people read."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in found if path.is_file()]


def blocks(page: Path) -> list[Block]:
    """The page's blocks, in order."""
    text = page.read_text("utf-8")
    name = str(page.relative_to(ROOT))
    marked = _WHOLE_PAGE.search(text)
    whole = marked[1] if marked else " runs what can be run: ".join(ELSEWHERE.get(name, ()))
    found = []
    for match in _BLOCK.finditer(text):
        mark = " ".join((match["mark"] or "").split())
        skipped = mark.removeprefix("not run: ") if mark.startswith("not run: ") else ""
        if whole and not mark.startswith(("file:", "append:", "patch")):
            skipped = skipped or whole
        line = text.count("\n", 0, match.start()) + 1
        language = match["language"]
        first = (match["text"].split() or [""])[0]
        if not language and first in COMMANDS and not name.startswith(RECORDS):
            language = "sh"
        found.append(Block(page, line, language, match["text"], skipped, mark))
    return found


def prose(page: Path) -> str:
    """The page without its blocks and comments."""
    text = _BLOCK.sub("", page.read_text("utf-8"))
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
