"""What MkDocs does beside its configuration: folders in the navigation, pages that are awaited.

In the navigation `Decisions: adr/` stands for every page of that folder. A page that is written
elsewhere at this time stands in AWAITED: it may be missing, with its links.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

AWAITED = frozenset({"kubernetes.md"})
_LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./)*([a-z-]+\.md)(?:#[^)]*)?\)")


def missing(docs: Path) -> set[str]:
    """The awaited pages that are not there."""
    return {name for name in AWAITED if not (docs / name).exists()}


def on_config(config: Any) -> Any:
    """Put every page of a folder into the navigation; leave awaited pages out of it."""
    config["nav"] = _filled(config["nav"], Path(config["docs_dir"]))
    return config


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """A link to an awaited page that is not there becomes its text."""
    gone = missing(Path(config["docs_dir"]))
    return _LINK.sub(lambda link: link[1] if link[2] in gone else link[0], markdown)


def _filled(nav: list[Any], docs: Path) -> list[Any]:
    kept: list[Any] = []
    for item in nav:
        if isinstance(item, dict):
            ((title, inner),) = item.items()
            if isinstance(inner, list):
                inner = _filled(inner, docs)
            elif inner.endswith("/"):
                inner = [f"{inner}{path.name}" for path in sorted((docs / inner).glob("*.md"))]
            if inner:
                kept.append({title: inner})
        elif item not in missing(docs):
            kept.append(item)
    return kept
