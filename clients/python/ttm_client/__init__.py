"""Client SDK of ttmserve: sessions, streaming with resume, questions.

    async with Client("http://127.0.0.1:8000") as client, client.session() as session:
        await session.stream("film.mp4")
        print(await session.ask("When did somebody speak?"))

The same without asyncio: :mod:`ttm_client.sync`. Knows the wire protocol and the REST calls; never
the server's insides. Sources are imported when they are asked for: they load FFmpeg's libraries,
which who only asks has no use for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ttm_client.client import Client
from ttm_client.session import Conversation, Session
from ttm_client.source import MediaChunk, Source
from ttm_client.streaming import StreamProgress, stream
from ttm_protocol.answers import (
    Alternative,
    Answer,
    Evidence,
    MissingMedia,
    Passage,
    SessionInfo,
    Summary,
    Taught,
    Thing,
    Things,
    Timeline,
    When,
    Words,
)
from ttm_protocol.messages import Event, Gap

if TYPE_CHECKING:
    from ttm_client.arrays import ArraySource
    from ttm_client.device_inputs import DeviceInput
    from ttm_client.devices import CameraSource, CaptureSource, MicrophoneSource
    from ttm_client.files import FileSource
    from ttm_client.sources import open_source
    from ttm_client.urls import UrlSource

_SOURCES = {
    "ArraySource": "arrays",
    "CameraSource": "devices",
    "CaptureSource": "devices",
    "DeviceInput": "device_inputs",
    "FileSource": "files",
    "MicrophoneSource": "devices",
    "UrlSource": "urls",
    "open_source": "sources",
}

__all__ = [
    "Alternative",
    "Answer",
    "ArraySource",
    "CameraSource",
    "CaptureSource",
    "Client",
    "Conversation",
    "DeviceInput",
    "Event",
    "Evidence",
    "FileSource",
    "Gap",
    "MediaChunk",
    "MicrophoneSource",
    "MissingMedia",
    "Passage",
    "Session",
    "SessionInfo",
    "Source",
    "StreamProgress",
    "Summary",
    "Taught",
    "Thing",
    "Things",
    "Timeline",
    "UrlSource",
    "When",
    "Words",
    "open_source",
    "stream",
]


def __getattr__(name: str) -> Any:
    """A source, by its name; AttributeError for what is none."""
    if name not in _SOURCES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_SOURCES[name]}"), name)
