"""Finds the persons in a picture: where each is and how surely it is one, never who."""

from ttm_model.people.sense import PeopleSense

__all__ = ["PeopleSense"]
