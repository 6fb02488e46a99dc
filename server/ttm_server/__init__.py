"""The server of ttmserve: gateway, worker, store and command line."""
