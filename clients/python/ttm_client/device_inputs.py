"""Which FFmpeg input a camera or microphone is on this platform. Opens nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

import av

from ttm_protocol.errors import MediaError

CAMERA, MICROPHONE = "camera", "microphone"
DEVICE_FORMATS = frozenset(
    {"alsa", "avfoundation", "dshow", "lavfi", "oss", "pulse", "sndio", "v4l2"}
)
# The library in PyAV's wheel looks for its own folders of the machine that it was built on.
_ALSA_CONFIG = ("ALSA_CONFIG_PATH", ("/usr/share/alsa/alsa.conf",))
_ALSA_PLUGINS = (
    "ALSA_PLUGIN_DIR",
    (
        "/usr/lib/x86_64-linux-gnu/alsa-lib",
        "/usr/lib/aarch64-linux-gnu/alsa-lib",
        "/usr/lib64/alsa-lib",
        "/usr/lib/alsa-lib",
    ),
)


@dataclass(frozen=True, slots=True)
class DeviceInput:
    """An input as `av.open` takes it: the device's name, FFmpeg's format, options."""

    name: str
    format: str
    options: Mapping[str, str] = field(default_factory=dict)


def device_input(kind: str, device: str | None = None, platform: str | None = None) -> DeviceInput:
    """The input for a `camera` or `microphone`.

    `device` None is the system's first one. "FORMAT:NAME" with one of DEVICE_FORMATS chooses both:
    "alsa:hw:1", "lavfi:testsrc". `platform` is `sys.platform`'s form. Raises MediaError where the
    platform has none that PyAV can open.
    """
    platform = platform or sys.platform
    form, _, name = (device or "").partition(":")
    if form in DEVICE_FORMATS and name:
        return DeviceInput(name, form)
    if platform == "linux":
        if kind == CAMERA:
            return DeviceInput(device or "/dev/video0", "v4l2")
        pulse = built_in("pulse")
        return DeviceInput(device or "default", "pulse" if pulse else "alsa")
    if platform == "darwin":
        chosen = device or "0"
        name = f"{chosen}:none" if kind == CAMERA else f"none:{chosen}"
        options = {"framerate": "30", "pixel_format": "nv12"} if kind == CAMERA else {}
        return DeviceInput(name, "avfoundation", options)
    if platform == "win32":
        if device is None:
            raise MediaError(
                f"{kind}: Windows has no default one; name it, for instance "
                f"'{'Integrated Camera' if kind == CAMERA else 'Microphone Array'}' "
                "(ffmpeg -list_devices true -f dshow -i dummy lists them)",
                field=kind,
            )
        return DeviceInput(f"{'video' if kind == CAMERA else 'audio'}={device}", "dshow")
    raise MediaError(f"{kind}: no way to open one on {platform}; use a file or a URL", field=kind)


def built_in(form: str) -> bool:
    """Whether this build of PyAV has an input format; some are listed as "one,other"."""
    return any(form in names.split(",") for names in av.formats_available)


def advice(kind: str, given: DeviceInput) -> str:
    """What to do where a device could not be opened."""
    if not built_in(given.format):
        return f"this build of PyAV has no {given.format} input; use a file or a URL"
    hints = {
        "v4l2": "is a camera connected (ls /dev/video*), free, and are you in group video?",
        "alsa": "is a microphone connected (arecord -l) and not in use by another program?",
        "pulse": "does a sound server run, and does it have a source (pactl list sources)?",
        "avfoundation": f"has this program been allowed the {kind} (System Settings, Privacy)?",
        "dshow": "does its name match (ffmpeg -list_devices true -f dshow -i dummy)?",
    }
    return hints.get(given.format, "is its description right?")


def let_alsa_find_its_files(environment: MutableMapping[str, str] = os.environ) -> None:
    """Tell the ALSA in PyAV's wheel where the system keeps what it needs, unless told already."""
    for variable, places in (_ALSA_CONFIG, _ALSA_PLUGINS):
        found = next((place for place in places if Path(place).exists()), None)
        if found is not None:
            environment.setdefault(variable, found)
