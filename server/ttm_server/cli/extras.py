"""What to say where a command's packages are not installed. Knows no command and no package list.

The plain install is the client; `ttmserve[server]` serves and `ttmserve[lab]` trains and evaluates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Extra = Literal["client", "server", "worker", "lab"]
_OURS = "ttm_"
_LEFT_OUT = ("ttm_model", "ttm_lab")  # of an image that needs no model


class NotInstalled(Exception):
    """A command needs packages of an extra; its text says which, and how to get them."""

    def __init__(self, command: str, extra: Extra) -> None:
        wanted = "ttmserve" if extra == "client" else f"'ttmserve[{extra}]'"
        super().__init__(f"ttmserve {command} needs the {extra} packages: pip install {wanted}")


@contextmanager
def packages_of(extra: Extra, command: str) -> Iterator[None]:
    """In here import what the command runs; raises NotInstalled where a package is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = error.name
        if missing is None or (missing.startswith(_OURS) and missing not in _LEFT_OUT):
            raise  # a mistake of ours, which no installation mends
        raise NotInstalled(command, extra) from error
