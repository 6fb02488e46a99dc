"""What MkDocs does beside its configuration: decisions and logs of runs into the navigation.

A page that is written elsewhere at this time stands in AWAITED: it may be missing, with its links.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

AWAITED = frozenset(
    {"deploy.md", "kubernetes.md", "sizing.md", "configuration.md", "metrics.md", "runbook.md"}
)
_LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./)*([a-z-]+\.md)(?:#[^)]*)?\)")
_FOLDERS = (("Decisions", "adr"), ("Logs of runs", "operations"))


def missing(docs: Path) -> set[str]:
    """The awaited pages that are not there."""
    return {name for name in AWAITED if not (docs / name).exists()}


def on_config(config: Any) -> Any:
    """Put every page of some folders into the navigation; leave awaited pages out of it."""
    docs = Path(config["docs_dir"])
    nav = _without(config["nav"], missing(docs))
    for title, folder in _FOLDERS:
        pages = [f"{folder}/{path.name}" for path in sorted((docs / folder).glob("*.md"))]
        if pages:
            nav.append({title: pages})
    config["nav"] = nav
    return config


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """A link to an awaited page that is not there becomes its text."""
    gone = missing(Path(config["docs_dir"]))
    return _LINK.sub(lambda link: link[1] if link[2] in gone else link[0], markdown)


def _without(nav: list[Any], gone: set[str]) -> list[Any]:
    kept: list[Any] = []
    for item in nav:
        if isinstance(item, dict):
            ((title, inner),) = item.items()
            kept.append({title: _without(inner, gone) if isinstance(inner, list) else inner})
        elif item not in gone:
            kept.append(item)
    return kept
