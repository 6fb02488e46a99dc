"""`python -m ttm_server.worker`: one worker process, configured by `TTM_*` variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttm_server.config import Settings
from ttm_server.worker.running import run

if TYPE_CHECKING:
    from ttm_model.engines.lite import LiteEngine


def lite_engine(settings: Settings) -> LiteEngine:
    """The engine of preset `lite` as these settings want it."""
    # Here: importing torch takes seconds, in which signals and probes are to be answered already.
    from ttm_model.engines.lite import LiteEngine  # noqa: PLC0415
    from ttm_model.engines.switches import Switches  # noqa: PLC0415

    switches = Switches(
        settings.speech, settings.speech_language, settings.reading, settings.people
    )
    return LiteEngine(settings.device, settings.threads, settings.sound, switches)


def main() -> int:
    """Work until SIGTERM or SIGINT; the exit status."""
    return run(lite_engine)


if __name__ == "__main__":
    raise SystemExit(main())
