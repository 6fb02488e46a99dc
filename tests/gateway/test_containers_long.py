"""Recordings that never end: what a demuxer keeps of them is bounded, and nothing is lost by it."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from gateway.recordings import is_one_line, record
from gateway.test_containers_media import HEAD, MP4, Held, box, damaged, decode, fragment
from ttm_protocol.errors import MediaError
from ttm_server.gateway.containers import demuxer as demuxer_module
from ttm_server.gateway.containers.boxes import FRAGMENT_NOTES, MAX_NOTES, CheckedBoxes
from ttm_server.gateway.containers.demuxer import Demuxer
from ttm_server.gateway.containers.pipe import BytePipe

FEW = 150  # samples: about two seconds
TIMED = {"movflags": "empty_moov+default_base_moof", "frag_duration": "300000"}  # microseconds
SMALL = MP4 | {"size": (64, 48)}
WAYS: dict[str, dict[str, Any]] = {
    "h264+aac": {},
    "a fragment begins with no key frame": {"gop": 600, "muxing": TIMED},
    "sound only": {"video": None, "muxing": TIMED},
    "pictures only": {"audio": None, "muxing": TIMED},
    "vp9+opus": {"video": "libvpx-vp9", "audio": "libopus"},
    "with an encoder's delay": {"muxing": {"movflags": "frag_keyframe+delay_moov"}},
    "with places told from the beginning": {"muxing": {"movflags": "frag_keyframe+empty_moov"}},
    "fragments of one track": {"muxing": {"movflags": "frag_keyframe+empty_moov+separate_moof"}},
    "a late beginning": {"start_s": 5000.0},
    "a gap": {"jump": (4.5, 60.0)},
}


class Files(list[bytearray]):
    """What each demuxer was given."""

    most_notes = FEW


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    """Exchange demuxers often, and look over their shoulder."""
    kept = Files()

    class Watched(CheckedBoxes):
        def __init__(self, source: Any) -> None:
            super().__init__(source, kept.most_notes)
            kept.append(bytearray())

        def go_on(self) -> None:
            super().go_on()
            kept.append(bytearray())

        def read(self, most: int) -> bytes:
            out = super().read(most)
            kept[-1].extend(out)
            return out

    monkeypatch.setattr(demuxer_module, "CheckedBoxes", Watched)
    return kept


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    out, place = [], 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        out.append((kind, bytes(data[place : place + size])))
        place += size
    return out


def media(data: bytes) -> bytes:
    return b"".join(whole for kind, whole in boxes(data) if kind == b"mdat")


def samples(data: bytes) -> int:
    total, place = 0, data.find(b"trun")
    while place >= 0:
        total += int.from_bytes(data[place + 8 : place + 12], "big")
        place = data.find(b"trun", place + 4)
    return total


@pytest.mark.parametrize("most_notes", [FEW, 1], ids=["now and then", "for every fragment"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_nothing_is_lost_where_demuxers_follow_each_other(
    files: Files, way: dict[str, Any], most_notes: int
) -> None:
    recording = record(8.0, **SMALL | way)
    files.most_notes = MAX_NOTES
    expected, _ = await decode(recording)
    assert len(files) == 1
    assert len(expected) >= 16
    files.clear()
    files.most_notes = most_notes
    chunks, metrics = await decode(recording)
    assert chunks == expected
    assert is_one_line(chunks)
    assert damaged(metrics) == 0
    fragments = recording.count(b"moof")
    assert len(files) == fragments if most_notes == 1 else 2 <= len(files) < fragments
    assert b"".join(map(media, files)) == media(recording)
    for file in files:
        assert [kind for kind, _ in boxes(file)][:3] == [b"ftyp", b"moov", b"moof"]


async def test_a_fragment_that_begins_with_no_key_frame() -> None:
    """The one above is such a recording: one key frame, at its beginning."""
    recording = record(8.0, **SMALL, gop=600, muxing=TIMED)
    pipe = BytePipe()
    pipe.put(recording)
    pipe.finish()
    demuxer = Demuxer(pipe, "mp4")
    keys = [packet.is_keyframe for packet in demuxer.packets([0]) if packet.size]
    demuxer.close()
    assert len(keys) == 120
    assert keys.index(True) == 0
    assert sum(keys) == 1


@pytest.mark.parametrize("part", [0.35, 0.62, 0.93])
async def test_a_truncated_end_and_a_recorder_that_begins_anew(files: Files, part: float) -> None:
    recording = record(6.0, **SMALL)
    pieces = recording[: int(len(recording) * part)], recording
    files.most_notes = MAX_NOTES
    expected, _ = await decode(*pieces)
    assert len(files) == 2
    files.most_notes = FEW
    assert (await decode(*pieces))[0] == expected
    assert len(files) > 5


async def test_a_broken_fragment_ends_the_recording_where_it_always_did(files: Files) -> None:
    recording = record(6.0, **SMALL)
    place = recording.find(b"moof", len(recording) // 2) - 4
    broken = recording[:place] + fragment(30) + recording[place:]
    files.most_notes = MAX_NOTES
    expected, metrics = await decode(broken)
    assert 2.0 < expected[-1].end_s < 4.0
    assert damaged(metrics) == 1
    files.most_notes = 1
    chunks, metrics = await decode(broken)
    assert chunks == expected
    assert damaged(metrics) == 1
    assert b"moof" in files[-1]
    assert samples(files[-1]) == 30  # a demuxer was opened with it


# --- what is kept ---------------------------------------------------------------------------------


async def most_known(form: str, recording: bytes) -> tuple[int, int]:
    """Packets in all, and how many of them a demuxer knew at most: in libavformat's own index."""
    pipe = BytePipe(barren_bytes=len(recording))
    pipe.put(recording)
    pipe.finish()
    demuxer = Demuxer(pipe, form)
    packets, known = 0, 0
    for _ in demuxer.packets([stream.index for stream in demuxer.streams]):
        packets += 1
        known = max(known, sum(len(stream.index_entries) for stream in demuxer.streams))
    demuxer.close()
    return packets, known


@pytest.mark.parametrize("way", [{}, {"gop": 600, "muxing": TIMED}], ids=["", "no key frames"])
async def test_what_a_demuxer_knows_of_mp4(files: Files, way: dict[str, Any]) -> None:
    recording = record(12.0, **SMALL | way)
    packets, known = await most_known("mp4", recording)
    assert packets > 4 * FEW
    assert FEW // 2 < known <= FEW
    files.most_notes = MAX_NOTES
    packets, known = await most_known("mp4", recording)
    assert known > 4 * FEW  # it keeps everything: so the bound is what bounds it


async def test_what_a_demuxer_knows_of_webm() -> None:
    """libavformat thins out what it keeps, so that it fits into a size."""
    packets, known = await most_known("matroska", record(70.0, video=None))
    assert packets > 3400
    assert 1000 < known <= 64 * 1024 // 24 + 1


@pytest.mark.parametrize(
    ("moofs", "most"),
    [
        ([fragment(30)] * 50, FEW),
        ([fragment()] * 100, FEW),
        ([fragment(150), fragment(20), fragment(500), fragment(1), fragment(1)], 510),
    ],
)
def test_a_file_ends_before_a_fragment_too_many(moofs: list[bytes], most: int) -> None:
    source = CheckedBoxes(Held(HEAD + b"".join(moofs)), FEW)
    got = []
    while True:
        file = b""
        while piece := source.read(7):
            file += piece
        assert source.read(7) == b""  # for as long as it takes the demuxer
        got += [whole for kind, whole in boxes(file) if kind == b"moof"]
        assert file.startswith(HEAD)
        assert samples(file) + FRAGMENT_NOTES * file.count(b"moof") == source.notes <= most
        if not source.is_held:
            break
        source.go_on()
    assert got == moofs


def test_a_place_that_is_told_from_the_beginning_of_the_file() -> None:
    """It is another one for the second demuxer, and the same bytes lie there."""
    stream = HEAD + box(b"free", bytes(77))
    for name in (b"one", b"two", b"six"):
        tfhd = struct.pack(">IIQ", 1, 1, len(stream) + 64)
        moof = box(
            b"moof", box(b"traf", box(b"tfhd", tfhd) + box(b"trun", bytes(4) + b"\0\0\0\x01"))
        )
        assert len(moof) == 64 - 8
        stream += moof + box(b"mdat", name)
    source = CheckedBoxes(Held(stream), 1)
    names = []
    while not names or source.is_held:
        if names:
            source.go_on()
        file = b""
        while piece := source.read(100):
            file += piece
        place = file.find(b"tfhd") + 12
        names.append(file[(base := int.from_bytes(file[place : place + 8], "big")) : base + 3])
    assert names == [b"one", b"two", b"six"]


def test_only_the_first_header_passes_and_of_a_fragment_what_is_needed() -> None:
    tracks = b"".join(box(name, bytes(8)) for name in (b"tfhd", b"tfdt", b"trun"))
    others = box(b"senc", bytes(40)) + box(b"sgpd", bytes(20)) + box(b"uuid", bytes(30))
    blank = box(b"free", bytes(40)) + box(b"free", bytes(20)) + box(b"free", bytes(30))
    moof = box(b"moof", box(b"mfhd", bytes(8)) + others + box(b"traf", tracks + others))
    source = CheckedBoxes(Held(HEAD + moof + HEAD + moof))
    out = b""
    while piece := source.read(50):
        out += piece
    seen = box(b"moof", box(b"mfhd", bytes(8)) + blank + box(b"traf", tracks + blank))
    empty = HEAD.replace(b"ftyp", b"free").replace(b"moov", b"free")
    assert out == HEAD + seen + empty + seen


async def test_fragments_without_media_for_ever_are_an_error(files: Files) -> None:
    files.most_notes = 1000
    recording = record(1.0, **SMALL)
    with pytest.raises(MediaError, match=r"count as 1000 samples .* neither a picture nor sound"):
        await decode(recording + fragment() * 5000)
    assert max(samples(file) + 10 * file.count(b"moof") for file in files) <= 1000
    last = recording.rfind(b"moof") - 4
    few = recording[:last] + fragment() * 90 + recording[last:]
    assert (await decode(few))[0] == (await decode(recording))[0]
