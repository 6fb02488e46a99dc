"""A source by its name, as the command line and `Session.stream` take it. Opens nothing."""

from __future__ import annotations

from pathlib import Path

from ttm_client.device_inputs import CAMERA, MICROPHONE
from ttm_client.devices import CaptureSource
from ttm_client.files import FileSource
from ttm_client.source import Source
from ttm_client.urls import UrlSource


def open_source(
    name: str | Path, pictures_per_chunk: int = 1, *, live: bool | None = None
) -> Source:
    """The source that a name stands for.

    "camera", "microphone", "camera+microphone", each with ":DEVICE" where it is not the system's
    first one ("camera:/dev/video2+microphone:hw:1"); an address with "://"; "-" for standard
    input; else the path of a file. `live` None: as such a source is; True: what has a name or an
    address like a file's goes on whether or not somebody takes what it gives.
    """
    text = str(name)
    devices = None if isinstance(name, Path) else _devices(text)
    if devices is not None:
        return CaptureSource(
            devices.get(CAMERA), devices.get(MICROPHONE), pictures_per_chunk=pictures_per_chunk
        )
    if "://" in text:
        return UrlSource(text, live=live, pictures_per_chunk=pictures_per_chunk)
    file = FileSource(name, pictures_per_chunk)
    file.live = bool(live)
    return file


def _devices(text: str) -> dict[str, str] | None:
    """The devices that a name asks for, or None where it asks for something else."""
    found: dict[str, str] = {}
    rest = text
    while rest:
        kind = next((one for one in (CAMERA, MICROPHONE) if rest.startswith(one)), None)
        if kind is None or kind in found:
            return None
        rest = rest.removeprefix(kind)
        if rest and rest[0] not in ":+":
            return None
        other = MICROPHONE if kind == CAMERA else CAMERA
        device, joined, after = rest.partition(f"+{other}")
        if device and not device.startswith(":"):
            return None
        found[kind] = device.removeprefix(":")
        rest = other + after if joined else ""
    return found or None
