"""What live containers can be like: one decoder thread, without a gateway around it."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import Image

from gateway.recordings import (
    LEVELS,
    hold_back,
    is_one_line,
    level_of,
    loudness,
    record,
    set_back,
)
from ttm_protocol.errors import MediaError
from ttm_protocol.messages import Chunk, Gap, validate_chunk
from ttm_server.gateway.containers.boxes import CheckedBoxes
from ttm_server.gateway.containers.container import format_of
from ttm_server.gateway.containers.decoder import Beginning, Decoder
from ttm_server.gateway.containers.handoff import Handoff
from ttm_server.gateway.containers.pipe import BytePipe
from ttm_server.gateway.metrics import Metrics

NEW = Beginning(1, None, 0.0)
MP4 = {"form": "mp4", "video": "libx264", "audio": "aac"}


async def decode(
    *pieces: bytes, beginning: Beginning = NEW, step: int = 2000
) -> tuple[list[Chunk], Metrics]:
    """Everything that a decoder makes of these recordings, each fed in steps."""
    pipe, handoff, metrics = BytePipe(), Handoff(1000), Metrics()
    thread = Decoder(pipe, handoff, metrics).start(lambda: beginning, lambda: None)
    try:
        for piece in pieces:
            for place in range(0, len(piece), step):
                pipe.put(piece[place : place + step])
        pipe.finish()
        chunks = []
        while (chunk := await handoff.take()) is not None:
            validate_chunk(chunk)
            chunks.append(chunk)
        return chunks, metrics
    finally:
        pipe.abort()
        handoff.abort()
        thread.join(10)
        assert not thread.is_alive()


def damaged(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("ttm_webm_damaged_packets_total") or 0.0


def levels(chunk: Chunk) -> list[int]:
    return [level_of(picture.data) for picture in chunk.video]


@pytest.mark.parametrize("step", [1, 777, 1_000_000])
async def test_the_way_messages_are_cut_does_not_matter(step: int) -> None:
    recording = record(1.5)
    assert (await decode(recording, step=step))[0] == (await decode(recording))[0]


@pytest.mark.parametrize("way", [{}, MP4], ids=["webm", "mp4"])
async def test_sound_only(way: dict[str, Any]) -> None:
    chunks, _ = await decode(record(3.0, **way | {"video": None}))
    assert is_one_line(chunks)
    assert 2.9 <= chunks[-1].end_s <= 3.2
    assert all(not chunk.video and chunk.audio for chunk in chunks)


@pytest.mark.parametrize("way", [{}, MP4], ids=["webm", "mp4"])
async def test_pictures_only(way: dict[str, Any]) -> None:
    chunks, _ = await decode(record(3.0, **way | {"audio": None}))
    assert is_one_line(chunks)
    assert chunks[-1].end_s == pytest.approx(3.0, abs=0.1)
    assert [levels(chunk) for chunk in chunks[:6]] == [[0], [0], [1], [1], [2], [2]]
    assert all(chunk.audio is None for chunk in chunks)


async def test_sound_that_starts_late() -> None:
    chunks, _ = await decode(record(6.0, audio_from_s=4.0))
    assert is_one_line(chunks)
    assert [chunk.audio is not None for chunk in chunks[:12]] == [False] * 8 + [True] * 4
    heard = chunks[8].audio
    assert heard is not None
    assert list(loudness(heard)[1:] > 1000) == [True] * 4
    assert all(len(chunk.video) == 1 for chunk in chunks[:12])


@pytest.mark.parametrize("way", [{}, MP4], ids=["webm", "mp4"])
async def test_pictures_that_stop(way: dict[str, Any]) -> None:
    """Sound goes on; after a moment nobody waits for pictures."""
    chunks, _ = await decode(record(8.0, video_to_s=2.0, **way))
    assert is_one_line(chunks)
    assert 7.9 <= chunks[-1].end_s <= 8.2
    assert [len(chunk.video) for chunk in chunks[:16]] == [1] * 4 + [0] * 12
    assert all(chunk.audio for chunk in chunks[:15])


@pytest.mark.parametrize(
    ("until_s", "gap", "silent"),
    [
        (4.5, None, []),
        (5.9, Gap(2.99, 3.5, "late_audio"), [3.0]),
        (11.0, Gap(2.99, 9.5, "late_audio"), [3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
    ],
)
async def test_sound_that_halts_and_catches_up(
    until_s: float, gap: Gap | None, silent: list[float]
) -> None:
    """What comes too late for its chunk is a gap of a later chunk; the others are waited for."""
    late = hold_back(record(10.0), b"A_OPUS", 3.0, until_s)
    chunks, _ = await decode(late)
    gaps = [chunk.gap for chunk in chunks if chunk.gap is not None]
    assert gaps == ([] if gap is None else [_about(gap)])
    assert [
        chunk.t
        for chunk in chunks
        if chunk.t % 1.0 == 0 and (chunk.audio is None or loudness(chunk.audio).max() < 1000)
    ] == silent
    assert all(len(chunk.video) == 1 for chunk in chunks)
    assert (len(chunks), chunks[-1].end_s) == (20, pytest.approx(10.0, abs=0.1))


async def test_pictures_that_halt_and_catch_up() -> None:
    chunks, _ = await decode(hold_back(record(10.0), b"V_VP8", 3.2, 6.3))
    assert [chunk.t for chunk in chunks if not chunk.video] == [3.5]
    gaps = [chunk.gap for chunk in chunks if chunk.gap is not None]
    assert gaps == [_about(Gap(3.5, 4.0, "late_video"))]
    assert all(chunk.audio for chunk in chunks[:19])


def _about(gap: Gap) -> Gap:
    return Gap(pytest.approx(gap.t0, abs=0.02), pytest.approx(gap.t1, abs=0.02), gap.reason)


async def test_a_variable_frame_rate() -> None:
    times = [0.0, 0.01, 0.02, 0.4, 1.1, 1.9, 1.95, 3.6, 3.7, 3.99]
    chunks, _ = await decode(record(4.0, times=times))
    assert is_one_line(chunks)
    taken = [round(picture.t, 2) for chunk in chunks for picture in chunk.video]
    assert taken == [0.0, 1.1, 1.9, 3.6]
    for chunk in chunks:
        assert all(chunk.t <= picture.t < chunk.end_s for picture in chunk.video)


async def test_many_pictures_a_second_give_two() -> None:
    times = [n / 200 for n in range(300)]
    chunks, _ = await decode(record(1.5, times=times, audio=None))
    assert [len(chunk.video) for chunk in chunks] == [1, 1, 1]


async def test_pictures_become_small() -> None:
    chunks, _ = await decode(record(0.5, size=(1280, 720), fps=4, audio=None))
    assert Image.open(io.BytesIO(chunks[0].video[0].data)).size == (640, 360)


async def test_a_camera_that_was_turned() -> None:
    """MP4 tells it in a matrix: here, to be shown turned by 90 degrees clockwise."""
    recording = bytearray(record(0.5, **MP4 | {"audio": None}, size=(160, 120), split=True))
    matrix = recording.find(b"tkhd") + 4 + 4 + 20 + 16
    values = (0, 1 << 16, 0, -(1 << 16), 0, 0, 120 << 16, 0, 1 << 30)
    recording[matrix : matrix + 36] = struct.pack(">9i", *values)
    chunks, _ = await decode(bytes(recording))
    picture = Image.open(io.BytesIO(chunks[0].video[0].data)).convert("L")
    assert picture.size == (120, 160)
    top, bottom = picture.getpixel((60, 20)), picture.getpixel((60, 140))
    assert isinstance(top, int)
    assert isinstance(bottom, int)
    assert top > bottom + 100  # the bright left half


# --- clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [{}, MP4], ids=["webm", "mp4"])
async def test_timestamps_that_do_not_begin_at_zero(way: dict[str, Any]) -> None:
    chunks, _ = await decode(record(2.0, start_s=1234.5, **way))
    assert is_one_line(chunks)
    assert chunks[0].t == 0.0
    assert levels(chunks[0]) == [0]


async def test_timestamps_whose_place_the_client_knows() -> None:
    known = Beginning(1, None, 0.0, zero_s=0.0)
    chunks, _ = await decode(record(2.0, start_s=1234.5), beginning=known)
    assert is_one_line(chunks)
    assert chunks[0].t == pytest.approx(1234.5, abs=0.03)


@pytest.mark.parametrize("way", [{}, {"audio": None}, {"video": None}])
async def test_a_jump_forwards_is_a_gap(way: dict[str, Any]) -> None:
    chunks, _ = await decode(record(4.0, jump=(2.0, 30.0), **way))
    assert is_one_line(chunks)
    gaps = [chunk.gap for chunk in chunks if chunk.gap is not None]
    assert len(gaps) == 1
    assert gaps[0] == Gap(pytest.approx(2.0, abs=0.15), pytest.approx(32.0, abs=0.1), "lost")
    assert chunks[-1].end_s == pytest.approx(34.0, abs=0.2)
    for chunk in chunks:
        for picture in chunk.video:
            own_s = picture.t if picture.t < 10 else picture.t - 30
            assert level_of(picture.data) == int(own_s + 0.04) % 4


@pytest.mark.parametrize("by_s", [2.0, 0.2])
async def test_a_short_hole_is_silence(by_s: float) -> None:
    chunks, _ = await decode(record(4.0, jump=(2.0, by_s)))
    assert is_one_line(chunks)
    assert all(chunk.gap is None for chunk in chunks)
    assert chunks[-1].end_s == pytest.approx(4.0 + by_s, abs=0.15)


@pytest.mark.parametrize("by_s", [-1.9, -30.0, 5000.0])
async def test_another_jump_does_not_move_the_clock(by_s: float) -> None:
    chunks, _ = await decode(set_back(record(4.0, start_s=40.0), 42.0, by_s))
    assert is_one_line(chunks)
    assert all(chunk.gap is None for chunk in chunks)
    assert chunks[-1].end_s == pytest.approx(4.0, abs=0.3)
    assert [levels(chunk) for chunk in chunks[:3]] == [[0], [0], [1]]
    assert all(chunk.audio for chunk in chunks[:7])
    assert sum(len(chunk.video) for chunk in chunks) in (8, 9)


async def test_a_recorder_that_begins_anew_on_the_same_connection() -> None:
    chunks, _ = await decode(record(1.0), record(1.0, start_s=70.0), record(1.0, **MP4))
    assert is_one_line(chunks)
    assert all(chunk.gap is None for chunk in chunks)
    assert chunks[-1].end_s == pytest.approx(3.0, abs=0.5)
    assert sum(len(chunk.video) for chunk in chunks) >= 6


async def test_it_goes_on_in_a_session() -> None:
    going = Beginning(8, 3.7, 3.7)
    chunks, _ = await decode(record(1.0), beginning=going)
    assert is_one_line(chunks, 8)
    assert (chunks[0].t, chunks[0].gap) == (3.7, None)
    outage = Beginning(8, 3.7, 5.2)
    chunks, _ = await decode(record(1.0), beginning=outage)
    assert (chunks[0].seq, chunks[0].t, chunks[0].gap) == (8, 5.2, Gap(3.7, 5.2, "lost"))


# --- damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [{}, MP4], ids=["webm", "mp4"])
@pytest.mark.parametrize("part", [0.3, 0.62, 0.93])
async def test_a_truncated_end(way: dict[str, Any], part: float) -> None:
    recording = record(4.0, **way)
    chunks, _ = await decode(recording[: int(len(recording) * part)])
    assert is_one_line(chunks)
    assert 4.0 * part - 1.6 <= chunks[-1].end_s <= 4.0 * part + (0.8 if way else 0.3)


async def test_garbage_in_the_middle() -> None:
    """What is hit is lost; the stream goes on at the next cluster."""
    recording = bytearray(record(20.0, fps=5, gop=5))
    third = len(recording) // 3
    recording[third : third + 3000] = bytes(range(1, 251)) * 12
    chunks, _ = await decode(bytes(recording))
    assert is_one_line(chunks)
    assert chunks[-1].end_s == pytest.approx(20.0, abs=0.3)
    late = chunks[-4]
    assert late.audio is not None
    assert levels(late) == [int(late.t) % 4]


async def test_packets_that_cannot_be_decoded() -> None:
    recording = bytearray(record(4.0, audio=None, gop=1, size=(64, 48)))
    hit = recording.find(b"\x9d\x01\x2a", len(recording) // 2)  # a VP8 key frame's start code
    recording[hit : hit + 3] = b"xyz"
    chunks, metrics = await decode(bytes(recording))
    assert damaged(metrics) == 1
    assert is_one_line(chunks)
    assert chunks[-1].end_s == pytest.approx(4.0, abs=0.1)


async def test_garbage_for_ever_is_an_error() -> None:
    recording = record(1.0)
    with pytest.raises(MediaError, match="4194304 bytes and neither a picture nor sound"):
        await decode(recording + b"\x07" * 5_000_000)


async def test_a_decoder_that_lies_about_its_size() -> None:
    """The header says 64 x 48, the key frame 8000 x 8000: refused before there is room for it."""
    recording = bytearray(record(1.0, audio=None, gop=1, size=(64, 48), fps=10))
    place = recording.find(b"\x9d\x01\x2a")
    while place >= 0:
        recording[place + 3 : place + 7] = struct.pack("<HH", 8000, 8000)
        place = recording.find(b"\x9d\x01\x2a", place + 3)
    chunks, metrics = await decode(bytes(recording))
    assert damaged(metrics) >= 10
    assert chunks == []


async def test_a_larger_picture_after_a_smaller_one() -> None:
    wide = record(0.4, audio=None, size=(4080, 2288), fps=5)
    chunks, _ = await decode(wide)
    assert len(chunks) == 1
    with pytest.raises(MediaError, match="9437184 px in all"):
        await decode(record(0.4, audio=None, size=(4080, 2400), fps=5))


async def test_no_track_that_is_known() -> None:
    with pytest.raises(MediaError, match="no track of a kind"):
        await decode(record(1.0, form="matroska", video="mpeg4", audio=None))


# --- MP4 boxes ------------------------------------------------------------------------------------


class Held:
    """Bytes as a file, three at a time."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, most: int) -> bytes:
        out, self.data = self.data[: min(most, 3)], self.data[min(most, 3) :]
        return out


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def checked(data: bytes) -> bytes:
    source, out = CheckedBoxes(Held(data)), b""
    while piece := source.read(5):
        out += piece
    return out


def fragment(*samples: int) -> bytes:
    """A moof with a track of so many samples in each of its runs."""
    runs = b"".join(box(b"trun", struct.pack(">II", 0, count)) for count in samples)
    return box(b"moof", box(b"mfhd", bytes(8)) + box(b"traf", runs))


HEAD = box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", box(b"mvex"))


def test_boxes_pass_and_others_are_blanked() -> None:
    live = HEAD + fragment(2) + box(b"mdat", b"media")
    assert checked(live) == live
    assert checked(HEAD + box(b"udta", b"x" * 9)) == HEAD + box(b"free", b"x" * 9)
    large = struct.pack(">I4sQ", 1, b"mdat", 21) + b"media"
    assert checked(HEAD + box(b"moof") + large) == HEAD + box(b"moof") + large
    recording = record(1.0, **MP4)
    assert len(checked(recording)) == len(recording)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (box(b"ftyp") + box(b"mdat"), "plain MP4"),
        (HEAD + box(b"mdat"), "plain MP4"),
        (HEAD + struct.pack(">I4s", 0, b"mdat"), "without a size"),
        (HEAD + struct.pack(">I4s", 7, b"moof"), "without a size"),
        (HEAD + struct.pack(">I4s", 2**31, b"moof"), "at most 1048576"),
        (struct.pack(">I4sQ", 1, b"moov", 2**40), "at most 1048576"),
        (box(b"moov", box(b"stsz", struct.pack(">III", 0, 1, 2**30))), "lists samples"),
        (box(b"moov", box(b"cmov")), "compressed"),
        (box(b"moov", box(b"trun", struct.pack(">II", 0, 5))), "5 samples"),
        (box(b"moov", fragment(0)), "in pieces"),
        (HEAD + fragment(2**31), "2147483648 samples"),
        (HEAD + fragment(15000, 15000), "30000 samples"),
        (HEAD + box(b"moof", box(b"traf", b"\0\0\0\x09trun")), "does not fit"),
        (HEAD + box(b"moof", b"\0\0\0\x01traf" + bytes(8)), "does not fit"),
    ],
)
def test_boxes_that_ask_for_too_much(data: bytes, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        checked(data)


def test_formats() -> None:
    assert format_of(record(0.2)[:8]) == "matroska"
    assert format_of(record(0.2, **MP4)[:8]) == "mp4"
    for head in (b"", b"\x1a\x45\xdf", b"RIFFxxxx"):
        with pytest.raises(MediaError, match="neither WebM/Matroska nor fragmented MP4"):
            format_of(head)
    assert len(LEVELS) == 4
