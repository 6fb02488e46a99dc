"""A worker without a model, `python -m conformance.counting_worker`: it answers from a count."""

from __future__ import annotations

from typing import Any

from ttm_server.config import Settings
from ttm_server.worker.running import run
from worker.chain import ChainEngine


class CountingEngine(ChainEngine):
    """A hash chain that knows how to answer in the form that clients expect."""

    def answer(self, state: bytes, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "question": body["question"],
            "state": "not_seen",
            "answer": "Nothing like that.",
            "confidence": 0.5,
            "when": None,
            "evidence": [],
            "alternatives": [],
            "as_of_s": 0.0,
            "coverage_since_s": 0.0,
            "gaps": [],
        }


def make_engine(_settings: Settings) -> CountingEngine:
    return CountingEngine()


if __name__ == "__main__":
    raise SystemExit(run(make_engine))
