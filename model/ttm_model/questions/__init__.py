"""Questions in plain English to typed values. It knows neither memory nor encoders."""

from ttm_model.questions.followups import follow_up
from ttm_model.questions.parsed import Kind, Modality, Order, ParsedQuestion
from ttm_model.questions.parser import parse
from ttm_model.questions.window import Window

__all__ = ["Kind", "Modality", "Order", "ParsedQuestion", "Window", "follow_up", "parse"]
