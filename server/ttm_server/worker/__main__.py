"""`python -m ttm_server.worker`: one worker process, configured by `TTM_*` variables."""

from __future__ import annotations

from ttm_model.engines.lite import LiteEngine
from ttm_model.engines.switches import Switches
from ttm_server.config import Settings
from ttm_server.worker.running import run


def lite_engine(settings: Settings) -> LiteEngine:
    """The engine of preset `lite` as these settings want it."""
    switches = Switches(
        settings.speech, settings.speech_language, settings.reading, settings.people
    )
    return LiteEngine(settings.device, settings.threads, settings.sound, switches)


def main() -> int:
    """Work until SIGTERM or SIGINT; the exit status."""
    return run(lite_engine)


if __name__ == "__main__":
    raise SystemExit(main())
