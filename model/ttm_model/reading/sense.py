"""The slow sense of reading: a job's picture to the lines in it; knows no session and no state."""

from __future__ import annotations

from ttm_model.reading.reader import Reader
from ttm_model.slow import Job, JobMedia, Read


class ReadingSense:
    """Reads the picture of a job. Raises `WeightsError` at construction."""

    def __init__(self, reader: Reader | None = None) -> None:
        self._reader = reader or Reader()

    def find(self, job: Job, media: JobMedia) -> Read:
        """Nothing where there is no picture; the same picture, the same lines."""
        del job  # a picture is read alike, whenever it was taken
        return Read() if media.picture is None else Read(self._reader(media.picture))
