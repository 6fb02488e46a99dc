"""Where a thing was in the picture and which of eleven colours it had, in fifteen bytes."""

from ttm_model.looks.colours import COLOURS
from ttm_model.looks.look import clothes, look
from ttm_model.looks.looks import UNKNOWN, Looks, merge, merge_rows
from ttm_model.looks.told import chance, told

__all__ = [
    "COLOURS", "UNKNOWN", "Looks", "chance", "clothes", "look", "merge", "merge_rows", "told",
]  # fmt: skip
