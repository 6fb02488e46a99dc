"""The command `ttmserve`. It starts the other programs and uses the client; it imports no torch."""

from ttm_server.cli.app import main

__all__ = ["main"]
