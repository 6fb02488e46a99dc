"""A worker without a model, `python -m conformance.counting_worker`: it answers from a count."""

from __future__ import annotations

from chain import Chain, ChainEngine
from ttm_model.asking import Asking
from ttm_protocol.answers import Answer
from ttm_server.config import Settings
from ttm_server.worker.running import run


class CountingEngine(ChainEngine):
    """A hash chain that knows how to answer in the form that clients expect."""

    def answer(self, state: Chain, asking: Asking) -> Answer:
        return Answer(
            question=asking.text, state="not_seen", answer="Nothing like that.", confidence=0.5
        )


def make_engine(_settings: Settings) -> CountingEngine:
    return CountingEngine()


if __name__ == "__main__":
    raise SystemExit(run(make_engine))
