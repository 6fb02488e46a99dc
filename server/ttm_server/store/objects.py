"""Where objects of moved sessions lie: what is asked of such a place, and which one is meant.

Knows no session and no Redis. An object is whole or not there, and never changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from ttm_protocol.errors import ConfigError, TierUnavailable
from ttm_server.config import Settings
from ttm_server.store.folder_objects import FolderObjects

_FORMS = "file:///FOLDER and s3://BUCKET/PREFIX are taken"


class Objects(Protocol):
    """A folder or a bucket. Every call may raise TierUnavailable."""

    async def put(self, name: str, data: bytes) -> None:
        """Store an object; once this returns it survives a crash of this machine."""

    async def get(self, name: str) -> bytes | None:
        """An object's bytes, None where there is none."""

    async def delete(self, name: str) -> None:
        """Remove an object; no error where there is none."""

    def names(self) -> AsyncIterator[tuple[str, float]]:
        """Every object's name, and when it was stored (Unix seconds)."""


def unavailable(op: str) -> TierUnavailable:
    """The error for a place that does not answer; what went wrong is for the log."""
    return TierUnavailable(f"the place to which idle sessions are moved cannot be used now ({op})")


def open_objects(settings: Settings) -> Objects | None:
    """The place that the settings name; None: there is none. Connects to nothing.

    Raises ConfigError for what cannot be such a place.
    """
    if settings.tier_url is None:
        return None
    url = urlsplit(settings.tier_url)
    if url.scheme == "file" and url.netloc in ("", "localhost") and url.path.strip("/"):
        return FolderObjects(Path(unquote(url.path)), unavailable)
    if url.scheme == "s3" and url.hostname and not url.query and url.username is None:
        try:
            # Not for processes that move no sessions: it takes 16 MB.
            from ttm_server.store.s3_objects import S3Objects  # noqa: PLC0415
        except ImportError as error:
            raise ConfigError(f"tier_url: s3:// needs {error.name}", field="tier_url") from None
        return S3Objects(url.hostname, url.path.strip("/"), settings, unavailable)
    raise ConfigError(f"tier_url: {_FORMS}", field="tier_url")
