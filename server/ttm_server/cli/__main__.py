"""`python -m ttm_server.cli`: the same as the command `ttmserve`."""

from ttm_server.cli.app import main

if __name__ == "__main__":
    main()
