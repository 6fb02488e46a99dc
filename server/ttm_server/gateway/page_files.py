"""The live page's files, from the browser folder, with the headers that a camera page needs.

Knows which names are served and with which headers; Starlette's StaticFiles finds and sends them.
"""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDERS = ("ui", "style", "sdk", "icons", "vendor")
HOME = "index.html"
ROOT_FILES = (HOME, "app.js", "favicon.ico", "manifest.webmanifest")
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}
# Whole names only: no "..", no hidden file, no empty part, no NUL, no backslash.
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_NOT_SERVED = "node_modules"
_HEADERS = {
    "Cache-Control": "no-cache",  # asks each time, and is told 304: a new version shows at once
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), display-capture=(), "
    "payment=(), usb=()",
}
_MISSING = (
    "ttmserve is running, but this installation holds no live page (the folder clients/browser of "
    "the repository).\nThe interface works without it: see /docs.\n"
)


def find_folder() -> Path | None:
    """The browser folder: inside the installed package, or beside it in a checkout; else None."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "browser", package.parent.parent / "clients" / "browser"):
        if folder.is_dir():
            return folder
    return None


def policy(host: str) -> str:
    """The Content-Security-Policy of everything of the page; `host`: the request's Host header.

    The host is named for WebSockets because older browsers do not count them to 'self'.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        f"default-src 'self'; connect-src 'self'{sockets}; img-src 'self' blob: data:; "
        "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


class PageFiles(StaticFiles):
    """The files of the browser folder whose names may be served; anything else is a 404."""

    def get_path(self, scope: Scope) -> str:
        """The file that a URL's path names; what Starlette would tidy (`..`, `//`) is none."""
        path = str(scope["path"])[1:] or HOME
        if (
            not _PATH.fullmatch(path)
            or _NOT_SERVED in path.split("/")
            or Path(path).suffix not in CONTENT_TYPES
        ):
            raise HTTPException(404)
        return path

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 304, with the page's headers."""
        try:
            response = await super().get_response(path, scope)
        except OSError:  # a loop of links
            raise HTTPException(404) from None
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = policy(Headers(scope=scope).get("host", ""))
        if "content-type" in response.headers:  # by our list, not by the machine's
            response.headers["Content-Type"] = CONTENT_TYPES[Path(path).suffix]
        return response


def no_page() -> Response:
    """What the root tells where the installation holds no page."""
    headers = _HEADERS | {"Content-Security-Policy": "default-src 'none'"}
    return PlainTextResponse(_MISSING, 404, headers)


def page_router(folder: Path | None) -> APIRouter:
    """The endpoints of the page's files; without a page only a text that says so."""
    router = APIRouter(include_in_schema=False)
    if folder is None or not (folder / HOME).is_file():
        router.add_api_route("/", no_page, methods=["GET", "HEAD"], name="page")
        return router
    files = PageFiles(directory=folder)
    for name in ("", *ROOT_FILES, *(f"{part}/{{path:path}}" for part in FOLDERS)):
        label = "page_" + re.sub(r"\W", "_", name.partition("/")[0])
        router.routes.append(Route(f"/{name}", files, methods=["GET", "HEAD"], name=label))
    return router
