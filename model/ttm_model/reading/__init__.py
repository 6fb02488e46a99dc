"""Reads the text in pictures: which pictures to read, and the lines in one. Keeps no words."""

from ttm_model.reading.gate import GateState, ReadingGate
from ttm_model.reading.sense import ReadingSense

__all__ = ["GateState", "ReadingGate", "ReadingSense"]
