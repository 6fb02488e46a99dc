"""The gateway: REST, WebSocket and documentation over a store. Knows no worker, model or Redis key.

`create_app(store, settings)` builds the application, `run(settings)` serves it until a signal.
"""

from ttm_server.gateway.app import create_app
from ttm_server.gateway.server import run, serve

__all__ = ["create_app", "run", "serve"]
