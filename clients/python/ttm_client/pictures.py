"""The picture of a question: a file or bytes, as base64. Knows no server and decodes nothing."""

from __future__ import annotations

import base64
from pathlib import Path

from ttm_protocol.errors import BadRequest, RequestTooBig
from ttm_protocol.messages import DEFAULT_LIMITS, picture_format

MOST_BYTES = DEFAULT_LIMITS.max_picture_bytes


def encoded_picture(picture: bytes | str | Path) -> str:
    """Base64 of a JPEG, PNG or WebP file, given as its bytes or its path.

    Raises BadRequest where it is none or cannot be read, RequestTooBig above 512 KiB.
    """
    data = picture if isinstance(picture, bytes) else _read(Path(picture))
    if len(data) > MOST_BYTES:
        raise RequestTooBig(f"picture: more than {MOST_BYTES} bytes", field="picture")
    if picture_format(data) is None:
        raise BadRequest("picture: not a JPEG, PNG or WebP file", field="picture")
    return base64.b64encode(data).decode()


def _read(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadRequest(f"picture: {path}: {error.strerror}", field="picture") from error
