"""A worker without a model, `python -m conformance.counting_worker`: it answers from a count."""

from __future__ import annotations

from typing import Any

from chain import Chain, ChainEngine
from ttm_model.asking import Asking, Teaching
from ttm_protocol.answers import Answer, Taught, Thing, Things, Words, WordsCoverage, to_plain
from ttm_protocol.errors import ThingNotFound
from ttm_server.config import Settings
from ttm_server.worker.running import run


class CountingEngine(ChainEngine):
    """A hash chain that knows how to answer in the form that clients expect."""

    def answer(self, state: Chain, asking: Asking) -> Answer:
        seen = "" if asking.picture is None else f" Not in {asking.picture.shape}."
        return Answer(
            question=asking.text,
            state="not_seen",
            answer=f"Nothing like that.{seen}",
            confidence=0.5,
        )

    def teach(self, state: Chain, teaching: Teaching) -> tuple[Chain, dict[str, Any]]:
        after, _ = super().teach(state, teaching)
        taught = Taught(
            name=teaching.name,
            examples=1,
            modality="video",
            start_s=teaching.since_s or 0.0,
            end_s=teaching.asked_s or 0.0,
            label="cup",
        )
        return after, to_plain(taught)

    def forget(self, state: Chain, name: str) -> tuple[Chain, dict[str, Any]]:
        after, body = super().forget(state, name)
        if after == state:
            raise ThingNotFound(f"name: {name!r} was not taught", field="name")
        return after, body

    def things(self, state: Chain) -> dict[str, Any]:
        names = [told.partition("@")[0] for told in state.things]
        held = [Thing(name=name, examples=1, modality="video", taught_at_s=0.0) for name in names]
        return to_plain(Things(things=tuple(held), limit=16))

    def words(self, state: Chain, since_s: float | None, until_s: float | None) -> dict[str, Any]:
        coverage = WordsCoverage(speech=since_s or 0.0, text=until_s or 0.0)
        return to_plain(Words(words=(), coverage_since_s=coverage, words_until_s=state.clock_s))


def make_engine(_settings: Settings) -> CountingEngine:
    return CountingEngine()


if __name__ == "__main__":
    raise SystemExit(run(make_engine))
