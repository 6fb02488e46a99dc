"""`python -m ttm_server.cli.reference FOLDER`: write the pages that are made from the code."""

from __future__ import annotations

import sys
from pathlib import Path

from ttm_server.cli import config_reference, metrics_reference

PAGES = {"configuration.md": config_reference.page, "metrics.md": metrics_reference.page}


def write(folder: Path) -> None:
    """Write every page into a folder."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
