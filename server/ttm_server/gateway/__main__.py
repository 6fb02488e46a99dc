"""`python -m ttm_server.gateway`: one gateway, configured by `TTM_*` variables alone."""

from __future__ import annotations

import logging
import sys

from ttm_protocol.errors import TTMError
from ttm_server.config import load_settings
from ttm_server.gateway.server import run


def main() -> int:
    """Serve until SIGTERM or SIGINT; 0, or 1 where the settings or the Redis server are wrong."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load_settings()
        logging.getLogger().setLevel(settings.log_level.upper())
        run(settings)
    except TTMError as error:
        logging.getLogger("ttm_server.gateway").error("%s", error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
