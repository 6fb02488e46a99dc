"""What to say where a command's packages are not installed. Knows no command and no package list.

The plain install is the client; `ttmserve[server]` serves and `ttmserve[lab]` trains and evaluates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Extra = Literal["server", "lab"]
_OURS = "ttm_"


class NotInstalled(Exception):
    """A command needs packages of an extra; its text says which, and how to get them."""

    def __init__(self, command: str, extra: Extra) -> None:
        super().__init__(
            f"ttmserve {command} needs the {extra} packages: pip install 'ttmserve[{extra}]'"
        )


@contextmanager
def packages_of(extra: Extra, command: str) -> Iterator[None]:
    """In here import what the command runs; raises NotInstalled where a package is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith(_OURS):
            raise  # a mistake of ours, which no installation mends
        raise NotInstalled(command, extra) from error
