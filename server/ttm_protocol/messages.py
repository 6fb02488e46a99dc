"""Wire protocol version 1: typed messages, limits, encode and decode. Knows no socket and no clock.

Text messages are JSON, binary messages are MessagePack. Whatever bytes come in, the decoders
return a message or raise :class:`~ttm_protocol.errors.ProtocolError`, never anything else.

`/asyncapi.yaml` and the page docs/protocol.md are made of these types: of their names, defaults,
docstrings and what :func:`_told` says of a field. It describes and does not check: what is checked,
and with which words, stands in the validators below.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from ttm_protocol.errors import ProtocolError, TooBig

T = TypeVar("T")

SUBPROTOCOL = "ttm.v1"
SAMPLE_RATE_HZ = 16_000
BYTES_PER_SAMPLE = 2
MAX_SEQ = 2**53 - 1  # what a JSON number keeps exactly in every client language
MAX_LABEL_CHARS = 500  # of an event; ten seconds of fast speech are some 250


def _told(description: str, **schema: Any) -> msgspec.Meta:
    """What the documentation says of a field: a sentence, and further keywords of JSON Schema."""
    return msgspec.Meta(description=description, extra_json_schema=schema or None)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may send; told to it in `ready`."""

    max_message_bytes: Annotated[int, _told("Of a binary message.")] = 4 * 1024 * 1024
    max_start_bytes: Annotated[int, _told("Of a text message.")] = 8 * 1024
    max_pictures: Annotated[int, _told("In one chunk.")] = 4
    max_picture_bytes: Annotated[int, _told("Of one picture's file.")] = 512 * 1024
    max_picture_side_px: Annotated[int, _told("Of a picture's width and height.")] = 4096
    min_chunk_s: Annotated[float, _told("Shortest chunk.")] = 0.1
    max_chunk_s: Annotated[float, _told("Longest chunk.")] = 2.0
    max_audio_slack_s: Annotated[float, _told("How much longer than `d` the sound may be.")] = 0.1
    # Three years of media; keeps float arithmetic exact to 1e-8 s.
    max_time_s: Annotated[float, _told("Latest media time.")] = 1e8
    sample_rate_hz: Annotated[int, _told("Of the sound.")] = SAMPLE_RATE_HZ
    max_reason_chars: Annotated[int, _told("Of a gap's reason.")] = 64
    start_timeout_s: Annotated[float, _told("Within which `start` must come.")] = 5.0


DEFAULT_LIMITS = Limits()
_PAST = {"minimum": 0}


# --- client -> server -----------------------------------------------------------------------------


class Start(msgspec.Struct, tag="start", tag_field="type", frozen=True, kw_only=True):
    """First text message of a stream connection.

    `t`, for media `webm` only: where on the media clock the container's timestamp zero lies, in
    seconds. Without it the container goes on where the session's media ended.
    """

    ticket: Annotated[
        str | None,
        _told("Single use, from REST; may be left out with `Authorization: Bearer <api key>`."),
    ] = None
    media: Annotated[
        Literal["chunks", "webm"],
        _told("`webm`: binary messages are bytes of a live WebM/Matroska or fragmented MP4."),
    ] = "chunks"
    t: Annotated[
        float | msgspec.UnsetType,
        _told(
            "For media `webm`: where on the media clock the container's timestamp zero lies. Media "
            "before the session's end is left out, media missing after it becomes a gap.",
            minimum=-DEFAULT_LIMITS.max_time_s,
            maximum=DEFAULT_LIMITS.max_time_s,
        ),
    ] = msgspec.UNSET


class End(msgspec.Struct, tag="end", tag_field="type", frozen=True):
    """No more media: apply all, acknowledge, close with 1000."""


class Picture(msgspec.Struct, frozen=True):
    """A still picture (JPEG, PNG or WebP file) taken at media time `t` seconds."""

    t: Annotated[float, _told("Media-clock seconds when it was taken.", **_PAST)]
    data: Annotated[
        bytes,
        _told(
            "A JPEG, PNG or WebP file, at most "
            f"{DEFAULT_LIMITS.max_picture_side_px} px wide and high.",
            maxLength=DEFAULT_LIMITS.max_picture_bytes,
        ),
    ]


class Gap(msgspec.Struct, frozen=True):
    """Media between `t0` and `t1` seconds that is missing, and why."""

    t0: Annotated[float, _told("Media-clock seconds where media is missing from.", **_PAST)]
    t1: Annotated[float, _told("Where it is there again, not before `t0`.", **_PAST)]
    reason: Annotated[
        str,
        _told("Such as `backpressure`.", minLength=1, maxLength=DEFAULT_LIMITS.max_reason_chars),
    ]


class Chunk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step's media: starts at media time `t`, lasts `d` seconds.

    `audio` is PCM signed 16-bit little-endian mono at 16 kHz for `[t, t+d)`, or None.
    """

    seq: Annotated[int, _told("Counts up by one.", minimum=1, maximum=MAX_SEQ)]
    t: Annotated[
        float,
        _told(
            "Media-clock seconds at the start, not decreasing.",
            minimum=0,
            maximum=DEFAULT_LIMITS.max_time_s,
        ),
    ]
    d: Annotated[
        float,
        _told(
            "Length in seconds, normally 0.5.",
            minimum=DEFAULT_LIMITS.min_chunk_s,
            maximum=DEFAULT_LIMITS.max_chunk_s,
        ),
    ]
    video: Annotated[
        list[Picture], _told("Still pictures.", maxItems=DEFAULT_LIMITS.max_pictures)
    ] = msgspec.field(default_factory=list)
    audio: Annotated[
        bytes | None,
        _told("PCM, signed 16-bit little-endian, mono, 16 kHz, for the time from t to t + d."),
    ] = None
    gap: Annotated[
        Gap | None, _told("What the client had to leave out before this chunk, and why.")
    ] = None

    @property
    def end_s(self) -> float:
        """Media time at which the chunk ends."""
        return self.t + self.d


ClientText = Start | End


# --- server -> client -----------------------------------------------------------------------------


class Ready(msgspec.Struct, tag="ready", tag_field="type", frozen=True, kw_only=True):
    """The session is open: send from `next_seq`; `credits` chunks may be unacknowledged.

    `t`, for media `webm` only: media-clock seconds up to which the session has media.
    """

    session_id: Annotated[str, _told("The session that this connection is for.")]
    next_seq: Annotated[int, _told("Send from this chunk on.", minimum=1)]
    credits: Annotated[int, _told("Chunks that may be unacknowledged.", **_PAST)]
    limits: Annotated[Limits, _told("What a client may send.")] = DEFAULT_LIMITS
    t: Annotated[
        float | msgspec.UnsetType,
        _told("With media `webm`: media time up to which the session has media."),
    ] = msgspec.UNSET


class Ack(msgspec.Struct, tag="ack", tag_field="type", frozen=True, kw_only=True):
    """Chunks <= `durable` survive a crash; chunks <= `applied` are in committed memory."""

    durable: Annotated[int, _told("Every chunk up to this one survives a crash.", **_PAST)]
    applied: Annotated[int, _told("Every chunk up to this one is in memory.", **_PAST)]


class Flow(msgspec.Struct, tag="flow", tag_field="type", frozen=True, kw_only=True):
    """Chunks that may still be sent and not yet be acknowledged as durable."""

    credits: Annotated[int, _told("Chunks that may be unacknowledged; 0 means wait.", **_PAST)]


class Event(msgspec.Struct, tag="event", tag_field="type", frozen=True, kw_only=True):
    """What the worker noticed just now: a label of one modality over an interval, with a score.

    Of modality `speech` (said) and `text` (written) the label is the words themselves, on
    one line. Modality `gap` marks media that memory did not get; its label is then
    the reason.
    """

    seq: Annotated[int, _told("The chunk in which it was noticed.", minimum=1)]
    label: Annotated[
        str,
        _told(
            "What it is; for speech and text, the words; for a gap, why.", maxLength=MAX_LABEL_CHARS
        ),
    ]
    modality: Annotated[
        Literal["video", "audio", "speech", "text", "gap"], _told("By which sense; or a gap.")
    ]
    start_s: Annotated[float, _told("Media-clock seconds at which it began.")]
    end_s: Annotated[float, _told("Media-clock seconds at which it ended.")]
    score: Annotated[float, _told("How sure, 0 to 1.")]


class GoAway(msgspec.Struct, tag="goaway", tag_field="type", frozen=True, kw_only=True):
    """This gateway is going away within `time_left_s`: reconnect elsewhere."""

    time_left_s: Annotated[float, _told("Seconds until it closes.", **_PAST)]


class Error(msgspec.Struct, tag="error", tag_field="type", frozen=True, kw_only=True):
    """What went wrong; a close frame follows."""

    code: Annotated[str, _told("The kind of error, for programs.")]
    message: Annotated[str, _told("For people: names the field and the limit.")]
    retryable: Annotated[bool, _told("Whether to reconnect may help.")]


ServerText = Ready | Ack | Flow | Event | GoAway | Error

_client_text: msgspec.json.Decoder[ClientText] = msgspec.json.Decoder(ClientText)
_server_text: msgspec.json.Decoder[ServerText] = msgspec.json.Decoder(ServerText)
_chunk = msgspec.msgpack.Decoder(Chunk)
_json = msgspec.json.Encoder()
_msgpack = msgspec.msgpack.Encoder()
_AT = re.compile(r" - at `\$\.([^`]+)`$")
_MISSING = re.compile(r"^Object missing required field `([^`]+)`")


# --- encode and decode ----------------------------------------------------------------------------


def encode_text(message: ClientText | ServerText) -> str:
    """A text message as JSON."""
    return _json.encode(message).decode()


def encode_chunk(chunk: Chunk) -> bytes:
    """A chunk as MessagePack: all five fields of the protocol, and `gap` where there is one."""
    body: dict[str, Any] = {
        "seq": chunk.seq,
        "t": chunk.t,
        "d": chunk.d,
        "video": [{"t": picture.t, "data": picture.data} for picture in chunk.video],
        "audio": chunk.audio,
    }
    if chunk.gap is not None:
        body["gap"] = {"t0": chunk.gap.t0, "t1": chunk.gap.t1, "reason": chunk.gap.reason}
    return _msgpack.encode(body)


def decode_client_text(data: str | bytes, limits: Limits = DEFAULT_LIMITS) -> ClientText:
    """Decode a client's text message; raises ProtocolError (TooBig above `max_start_bytes`)."""
    size_bytes = len(data.encode(errors="replace")) if isinstance(data, str) else len(data)
    if size_bytes > limits.max_start_bytes:
        raise TooBig(
            f"text message: {size_bytes} bytes, at most {limits.max_start_bytes}", field="message"
        )
    return _decode(_client_text, data, "text message")


def decode_server_text(data: str | bytes) -> ServerText:
    """Decode a server's text message; raises ProtocolError."""
    return _decode(_server_text, data, "text message")


def decode_chunk(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Chunk:
    """Decode and validate a chunk; raises ProtocolError naming the field and the limit."""
    if len(data) > limits.max_message_bytes:
        raise TooBig(f"chunk: {len(data)} bytes, at most {limits.max_message_bytes}", field="chunk")
    chunk = read_chunk(data)
    validate_chunk(chunk, limits)
    return chunk


def read_chunk(data: bytes) -> Chunk:
    """A chunk that was validated before it was stored; raises ProtocolError for anything else."""
    return _decode(_chunk, data, "chunk")


def _decode(
    decoder: msgspec.json.Decoder[T] | msgspec.msgpack.Decoder[T], data: str | bytes, what: str
) -> T:
    try:
        return decoder.decode(data)  # type: ignore[arg-type]  # only the JSON decoders get str
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ProtocolError(f"{what}: {error}", field=_field_of(str(error))) from None


def _field_of(text: str) -> str:
    """The field that a msgspec error names, such as `video[0].t`; `message` where it names none."""
    found = (_AT.search(text), _MISSING.search(text))
    return ".".join(match[1] for match in found if match) or "message"


def validate_chunk(chunk: Chunk, limits: Limits = DEFAULT_LIMITS) -> None:
    """Check every field of a chunk against the protocol; raises ProtocolError or TooBig.

    What needs the pixels (can it be decoded, how many are there) is the media module's work.
    """
    if not 1 <= chunk.seq <= MAX_SEQ:
        raise ProtocolError(f"seq: {chunk.seq} is not in 1..{MAX_SEQ}", field="seq")
    _check_time("t", chunk.t, limits)
    if not (math.isfinite(chunk.d) and limits.min_chunk_s <= chunk.d <= limits.max_chunk_s):
        raise ProtocolError(
            f"d: {chunk.d} is not in {limits.min_chunk_s}..{limits.max_chunk_s} seconds", field="d"
        )
    _check_video(chunk, limits)
    _check_audio(chunk, limits)
    _check_gap(chunk.gap, limits)


def _check_time(field: str, value: float, limits: Limits) -> None:
    if not (math.isfinite(value) and 0.0 <= value <= limits.max_time_s):
        raise ProtocolError(
            f"{field}: {value} is not in 0..{limits.max_time_s:g} seconds", field=field
        )


def _check_video(chunk: Chunk, limits: Limits) -> None:
    if len(chunk.video) > limits.max_pictures:
        raise ProtocolError(
            f"video: {len(chunk.video)} pictures, at most {limits.max_pictures}", field="video"
        )
    for index, picture in enumerate(chunk.video):
        field = f"video[{index}]"
        _check_time(f"{field}.t", picture.t, limits)
        if len(picture.data) > limits.max_picture_bytes:
            raise TooBig(
                f"{field}.data: {len(picture.data)} bytes, at most {limits.max_picture_bytes}",
                field=f"{field}.data",
            )
        if picture_format(picture.data) is None:
            raise ProtocolError(
                f"{field}.data: not a JPEG, PNG or WebP file", field=f"{field}.data"
            )


def _check_audio(chunk: Chunk, limits: Limits) -> None:
    if chunk.audio is None:
        return
    if len(chunk.audio) % BYTES_PER_SAMPLE:
        raise ProtocolError(
            f"audio: {len(chunk.audio)} bytes is not a whole number of 16-bit samples",
            field="audio",
        )
    most_s = chunk.d + limits.max_audio_slack_s
    audio_s = len(chunk.audio) / (BYTES_PER_SAMPLE * limits.sample_rate_hz)
    if audio_s > most_s:
        raise TooBig(
            f"audio: {audio_s:.3f} s of sound in a chunk of {chunk.d} s, at most {most_s:.3f} s",
            field="audio",
        )


def _check_gap(gap: Gap | None, limits: Limits) -> None:
    if gap is None:
        return
    _check_time("gap.t0", gap.t0, limits)
    _check_time("gap.t1", gap.t1, limits)
    if gap.t1 < gap.t0:
        raise ProtocolError(f"gap: t1 {gap.t1} lies before t0 {gap.t0}", field="gap")
    if not 1 <= len(gap.reason) <= limits.max_reason_chars:
        raise ProtocolError(
            f"gap.reason: {len(gap.reason)} characters, 1 to {limits.max_reason_chars}",
            field="gap.reason",
        )


def as_label(words: str) -> str:
    """Words as an event's label: one line, cut with an ellipsis where it is longer than allowed."""
    line = " ".join(words.split())
    return line if len(line) <= MAX_LABEL_CHARS else line[: MAX_LABEL_CHARS - 1] + "…"


def picture_format(data: bytes) -> Literal["jpeg", "png", "webp"] | None:
    """The format that a picture's first bytes announce, or None."""
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None
