"""A store for tests, which are gateway and worker at once."""

from __future__ import annotations

from typing import Any

from ttm_server import store


class Store(store.Store):
    """The real one, with a gateway's and a worker's calls as its own."""

    def __getattr__(self, name: str) -> Any:
        for side in (self.gateway, self.worker):
            if name in vars(side):
                return vars(side)[name]
        raise AttributeError(name)
