"""`python -m ttm_server.gateway`: one gateway, configured by `TTM_*` variables alone."""

from __future__ import annotations

import logging
import secrets
import sys

from ttm_protocol.errors import TTMError
from ttm_server import logs, tracing
from ttm_server.config import load_settings, secret_texts
from ttm_server.gateway.server import run


def main() -> int:
    """Serve until SIGTERM or SIGINT; 0, or 1 where the settings or the Redis server are wrong."""
    logs.configure("info", None)
    try:
        settings = load_settings()
        logs.configure(settings.log_level, settings.log_format, secret_texts(settings))
        tracing.configure(settings.otlp_endpoint, "ttmserve-gateway", secrets.token_hex(8))
        run(settings)
    except TTMError as error:
        logging.getLogger("ttm_server.gateway").error("%s", error.message)
        return 1
    finally:
        tracing.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
