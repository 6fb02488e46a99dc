"""Reads the lines of text in one picture; knows no session, no job and no line read before.

PP-OCRv6 (PaddlePaddle, Apache-2.0), small: a detector of lines and a recogniser, run by rapidocr in
ONNX Runtime on one thread. Its weights are the pinned files and no others, and it fetches nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ttm_model.encoders.weights import pinned, verified_path
from ttm_model.errors import WeightsError
from ttm_model.slow import Line

LONG_PX = 1280  # a larger picture is made this long
SHORT_PX = 32  # a smaller one is nothing to read in
LEAST_P = 0.80  # a line that is less sure is a texture
LEAST_P_SHORT = 0.97  # likewise for one or two signs, which textures often look like
MOST_LINES = 32  # of a picture, the surest
_IDEOGRAPHS = 0x2E80  # the first code point of Chinese and Japanese signs
_DETECTOR = "PP-OCRv6/PP-OCRv6_det_small.onnx"
_RECOGNISER = "PP-OCRv6/PP-OCRv6_rec_small.onnx"


class Reader:
    """Pictures to lines: a pure function, the same on the same machine.

    Raises `WeightsError` at construction where a weight file, or rapidocr, is missing.
    """

    def __init__(self) -> None:
        files = {
            "Det.model_path": str(verified_path(pinned(_DETECTOR))),
            "Rec.model_path": str(verified_path(pinned(_RECOGNISER))),
        }
        try:
            from rapidocr import RapidOCR  # noqa: PLC0415  (native libraries)
        except ImportError as error:
            raise WeightsError(f"PP-OCRv6: the package rapidocr is needed: {error}") from error
        self._read: Any = RapidOCR(
            params={
                "Global.log_level": "critical",  # else it tells standard error of every picture
                "Global.use_cls": False,  # text that stands on its head is not looked for
                "Global.max_side_len": LONG_PX,
                "Global.min_side_len": SHORT_PX,
                "Global.text_score": 0.0,
                "Det.limit_type": "max",
                "Det.limit_side_len": LONG_PX,
                "Rec.rec_batch_num": 1,  # a line's text does not depend on the lines beside it
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                **files,
            }
        )

    def __call__(self, picture: npt.NDArray[np.uint8]) -> tuple[Line, ...]:
        """The lines in a picture (H, W, 3) uint8 RGB of any size, from the top down."""
        if min(picture.shape[:2]) < SHORT_PX:
            return ()
        small = Image.fromarray(picture)
        if max(small.size) > LONG_PX:
            small.thumbnail((LONG_PX, LONG_PX), Image.Resampling.BILINEAR)
        found = self._read(np.ascontiguousarray(np.asarray(small)[:, :, ::-1]))
        if getattr(found, "txts", None) is None:
            return ()
        size = np.array(small.size, np.float64)
        lines = [
            _line(text, corners / size, float(p))
            for text, corners, p in zip(found.txts, found.boxes, found.scores, strict=True)
        ]
        sure = sorted((line for line in lines if _is_text(line)), key=lambda line: -line.p)
        return tuple(sorted(sure[:MOST_LINES], key=lambda line: (line.box[1], line.box[0])))


def _line(text: str, corners: npt.NDArray[np.float64], p: float) -> Line:
    """`corners` (4, 2) as shares of the picture, in any order."""
    left, top = np.clip(corners.min(axis=0), 0.0, 1.0).tolist()
    right, bottom = np.clip(corners.max(axis=0), 0.0, 1.0).tolist()
    return Line(" ".join(text.split()), (left, top, right, bottom), min(1.0, p))


def _is_text(line: Line) -> bool:
    signs = [sign for sign in line.text if sign.isalnum()]
    if len(signs) > 2:
        return line.p >= LEAST_P
    # A single ideograph is a tile or a button more often than a word.
    return line.p >= LEAST_P_SHORT and any(ord(sign) < _IDEOGRAPHS for sign in signs)
