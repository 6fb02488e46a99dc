"""The side limit of pictures, read from a file's header alone. Decodes nothing, allocates nothing.

A picture whose header is sound and whose body is not passes here: the worker reports it as a gap.
"""

from __future__ import annotations

import base64
import struct

from ttm_protocol.errors import BadRequest, ProtocolError, RequestTooBig
from ttm_protocol.messages import Chunk, Limits, picture_format

# JPEG markers that start a frame and so hold its size (ITU-T T.81, table B.1): C0..CF less
# DHT (C4), JPG (C8) and DAC (CC).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN = 0xDA
_JPEG_END = 0xD9
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


def check_pictures(chunk: Chunk, limits: Limits) -> None:
    """Raise ProtocolError naming `video[i]` where a picture's header is unreadable or too large."""
    for index, picture in enumerate(chunk.video):
        field = f"video[{index}].data"
        fault = _side_fault(picture.data, limits)
        if fault is not None:
            raise ProtocolError(f"{field}: {fault}", field=field)


def check_question_picture(encoded: str, limits: Limits) -> None:
    """A question's picture, base64 of a file; raises BadRequest or RequestTooBig naming `picture`.

    The same limits as a chunk's pictures have.
    """
    most = limits.max_picture_bytes
    if len(encoded) > base64_bytes(most):
        raise RequestTooBig(f"picture: more than {most} bytes when decoded", field="picture")
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise BadRequest("picture: is not base64 (RFC 4648, padded)", field="picture") from None
    if len(data) > most:
        raise RequestTooBig(f"picture: {len(data)} bytes, at most {most}", field="picture")
    if picture_format(data) is None:
        raise BadRequest("picture: not a JPEG, PNG or WebP file", field="picture")
    fault = _side_fault(data, limits)
    if fault is not None:
        raise BadRequest(f"picture: {fault}", field="picture")


def base64_bytes(decoded_bytes: int) -> int:
    """How long the base64 of so many bytes is, with its padding."""
    return -(-decoded_bytes // 3) * 4


def _side_fault(data: bytes, limits: Limits) -> str | None:
    """What is wrong with the size that a picture's header announces, or None."""
    size = picture_size_px(data)
    if size is None:
        return "the file's header tells no picture size"
    if not 1 <= min(size) <= max(size) <= limits.max_picture_side_px:
        return f"{size[0]} x {size[1]} px, 1 to {limits.max_picture_side_px} px a side"
    return None


def picture_size_px(data: bytes) -> tuple[int, int] | None:
    """Width and height that a JPEG, PNG or WebP file announces, or None."""
    kind = picture_format(data)
    try:
        if kind == "png":
            return _png_size(data)
        if kind == "webp":
            return _webp_size(data)
        return _jpeg_size(data) if kind == "jpeg" else None
    except (struct.error, IndexError):  # the file ends inside its header
        return None


def _png_size(data: bytes) -> tuple[int, int] | None:
    """PNG (RFC 2083): the first chunk is IHDR and starts with width and height."""
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """WebP (RFC 9649): a lossy, a lossless or an extended first chunk, each with its own size."""
    kind = data[12:16]
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X" and len(data) >= 30:
        width = int.from_bytes(data[24:27], "little") + 1
        return width, int.from_bytes(data[27:30], "little") + 1
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """JPEG (ITU-T T.81): walk the segments until one starts a frame."""
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
        elif marker in _JPEG_ALONE:
            place += 2
        elif marker in (_JPEG_SCAN, _JPEG_END):
            return None
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        else:
            (length,) = struct.unpack_from(">H", data, place + 2)
            place += 2 + max(2, length)
    return None
