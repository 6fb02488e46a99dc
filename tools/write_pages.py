"""Write what of the documentation is made of the code; `--check` only says what is not current.

`python tools/write_pages.py [--check]`, from anywhere; needs the packages of `ttmserve[dev]`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LICENCES = "docs/licences.md"

# Settings come from the environment of a server; the pages tell its defaults.
for name in [name for name in os.environ if name.startswith("TTM_")]:
    del os.environ[name]


def made() -> dict[str, Callable[[], str]]:
    """Every made file, relative to the repository, and what makes it."""
    from pages import asyncapi, cli_page, protocol_page, rest_page
    from supply import licences_page

    return {
        "server/ttm_server/gateway/asyncapi.yaml": asyncapi.text,
        "docs/protocol.md": protocol_page.page,
        "docs/rest.md": rest_page.page,
        "docs/cli.md": cli_page.page,
        LICENCES: licences_page.page,
    }


def _can_tell_licences() -> bool:
    from supply import licences_page

    return licences_page.here()


def main(arguments: list[str] | None = None) -> int:
    """Write or check; 1 where a check finds something that is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    only_check = parser.parse_args(arguments).check
    old = 0
    for name, make in made().items():
        if name == LICENCES and not _can_tell_licences():
            print(f"{name}: left alone, since dependencies differ on this platform")
            continue
        path, text = ROOT / name, make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        old += 1
        if not only_check:
            path.write_text(text, "utf-8")
        print(f"{name}: {'not current; run `make pages`' if only_check else 'written'}")
    return 1 if only_check and old else 0


if __name__ == "__main__":
    sys.exit(main())
