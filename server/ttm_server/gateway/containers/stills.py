"""Decoded frames as small JPEG files. Knows pixels, no time and no session."""

from __future__ import annotations

import io

import av
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image

from ttm_protocol.errors import MediaError
from ttm_protocol.messages import DEFAULT_LIMITS

LONGEST_SIDE_PX = 640
QUALITIES = (80, 50)
MAX_SIDE_PX = DEFAULT_LIMITS.max_picture_side_px
MAX_PIXELS = 4096 * 2304  # 14 MB a frame; a decoder may keep seventeen of them
_SHORTEST_SIDE_PX = 2


def check_size(width: int, height: int) -> None:
    """Raise MediaError for pictures that are larger than this server decodes."""
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise MediaError(
            f"media: pictures of {width} x {height} px, at most {MAX_SIDE_PX} px a side and "
            f"{MAX_PIXELS} px in all",
            field="media",
        )


class Stills:
    """Makes stills of one track's frames."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def jpeg(self, frame: av.VideoFrame) -> bytes | None:
        """The frame as JPEG, its longer side at most LONGEST_SIDE_PX, turned as it asks for.

        None where it would be larger than a picture may be. Raises MediaError by its size.
        """
        check_size(frame.width, frame.height)
        scale = min(1.0, LONGEST_SIDE_PX / max(frame.width, frame.height))
        small = self._reformatter.reformat(
            frame,
            max(_SHORTEST_SIDE_PX, round(frame.width * scale)),
            max(_SHORTEST_SIDE_PX, round(frame.height * scale)),
            "rgb24",
            interpolation=Interpolation.AREA,
        )
        picture = Image.fromarray(small.to_ndarray())
        if frame.rotation % 360 in (90, 180, 270):
            picture = picture.rotate(frame.rotation % 360, expand=True)
        for quality in QUALITIES:
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=quality)
            if out.tell() <= DEFAULT_LIMITS.max_picture_bytes:
                return out.getvalue()
        return None
