"""Client SDK of ttmserve: sessions, streaming with resume, questions.

    async with Client("http://127.0.0.1:8000") as client, client.session() as session:
        await session.stream("film.mp4")
        print(await session.ask("When did somebody speak?"))

The same without asyncio: :mod:`ttm_client.sync`. Knows the wire protocol and the REST calls; never
the server's insides.
"""

from ttm_client.arrays import ArraySource
from ttm_client.client import Client
from ttm_client.device_inputs import DeviceInput
from ttm_client.devices import CameraSource, CaptureSource, MicrophoneSource
from ttm_client.files import FileSource
from ttm_client.session import Conversation, Session
from ttm_client.source import MediaChunk, Source
from ttm_client.sources import open_source
from ttm_client.streaming import StreamProgress, stream
from ttm_client.urls import UrlSource
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
