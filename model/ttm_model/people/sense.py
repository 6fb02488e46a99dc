"""The slow sense of people: a job's picture to the persons in it; knows no session and no state."""

from __future__ import annotations

from ttm_model.people.detector import PersonDetector
from ttm_model.slow import Job, JobMedia, People


class PeopleSense:
    """Finds people in the picture of a job. Raises `WeightsError` at construction."""

    def __init__(self, detector: PersonDetector | None = None) -> None:
        self._detector = detector or PersonDetector()

    def find(self, job: Job, media: JobMedia) -> People:
        """Nobody where there is no picture; the same picture, the same persons."""
        del job  # a picture is looked at alike, whenever it was taken
        return People() if media.picture is None else People(self._detector(media.picture))
