"""What MkDocs does beside its configuration: `Decisions: adr/` is every page of that folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def on_config(config: Any) -> Any:
    """Put every page of a folder into the navigation."""
    config["nav"] = _filled(config["nav"], Path(config["docs_dir"]))
    return config


def _filled(nav: list[Any], docs: Path) -> list[Any]:
    filled: list[Any] = []
    for item in nav:
        if isinstance(item, dict):
            ((title, inner),) = item.items()
            if isinstance(inner, list):
                inner = _filled(inner, docs)
            elif inner.endswith("/"):
                inner = [f"{inner}{path.name}" for path in sorted((docs / inner).glob("*.md"))]
            filled.append({title: inner})
        else:
            filled.append(item)
    return filled
