"""Runs once in the build what a process of an image imports, so that its bytecode is in the image.

    python compile.py client|gateway|worker|all

Nothing is compiled that no start reads: of a worker's packages that is two thirds. The worker's
part loads the real model, so an image that cannot start is never made.
"""

import sys
from importlib import import_module

CLI = ("app", "streaming", "show", "memory", "words", "things")
CLIENT = ("ttm_client.sources", "ttm_client.arrays", *(f"ttm_server.cli.{name}" for name in CLI))
GATEWAY = ("ttm_server.cli.app", "ttm_server.gateway.__main__")
WORKER = ("ttm_server.cli.weights", "ttm_server.worker.__main__")
ALL = ("ttm_server.cli.supervisor", *CLIENT, *GATEWAY, *WORKER)
MODULES = {"client": CLIENT, "gateway": GATEWAY, "worker": WORKER, "all": ALL}


def main(role: str) -> None:
    """Import the role's modules, and load a worker's model."""
    for name in MODULES[role]:
        import_module(name)
    if role in ("worker", "all"):
        from ttm_server.config import load_settings
        from ttm_server.worker.__main__ import lite_engine
        from ttm_server.worker.announcing import described

        described(lite_engine(load_settings()))
    print(f"{role}: {len(sys.modules)} modules are imported")


main(sys.argv[1])
