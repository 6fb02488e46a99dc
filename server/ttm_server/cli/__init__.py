"""The command `ttmserve`: its start imports the client, and a command what that command needs."""

from ttm_server.cli.app import main

__all__ = ["main"]
