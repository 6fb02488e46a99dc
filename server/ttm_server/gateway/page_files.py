"""The live page's files, from the browser folder, with the headers that a camera page needs.

Knows folders and headers; knows neither what is in the files nor the interface that they use.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

FOLDERS = ("ui", "style", "sdk", "icons", "vendor")
ROOT_FILES = ("index.html", "app.js", "favicon.ico", "manifest.webmanifest")
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


def find_file(folder: Path, path: str) -> Path | None:
    """The file that a URL's path names, or None where there is none that may be served."""
    if not _PATH.fullmatch(path) or _NOT_SERVED in path.split("/"):
        return None
    if Path(path).suffix not in CONTENT_TYPES:
        return None
    try:
        file = (folder / path).resolve()
        inside = file.is_relative_to(folder.resolve()) and file.is_file()
    except (OSError, RuntimeError):  # a name that is too long, a loop of links
        return None
    return file if inside else None


def page_router(folder: Path | None) -> APIRouter:
    """The endpoints of the page's files; without a folder only a text that says so."""
    router = APIRouter(include_in_schema=False)

    def home(request: Request) -> Response:
        """The page."""
        if folder is None or find_file(folder, "index.html") is None:
            headers = _HEADERS | {"Content-Security-Policy": "default-src 'none'"}
            return PlainTextResponse(_MISSING, 404, headers)
        return _respond(folder, "index.html", request)

    def file(request: Request) -> Response:
        """One of the page's files."""
        if folder is None:
            raise HTTPException(404)
        return _respond(folder, str(request.scope["path"])[1:], request)

    router.add_api_route("/", home, methods=["GET", "HEAD"], name="page")
    for name in (*ROOT_FILES, *(f"{part}/{{path:path}}" for part in FOLDERS)):
        label = "page_" + re.sub(r"\W", "_", name.partition("/")[0])
        router.add_api_route(f"/{name}", file, methods=["GET", "HEAD"], name=label)
    return router


def _respond(folder: Path, path: str, request: Request) -> Response:
    file = find_file(folder, path)
    if file is None:
        raise HTTPException(404)
    try:
        data = file.read_bytes()
    except OSError:
        raise HTTPException(404) from None
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = _HEADERS | {
        "ETag": etag,
        "Content-Security-Policy": policy(request.headers.get("host", "")),
    }
    if _matches(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers | {"Content-Type": CONTENT_TYPES[file.suffix]})


def _matches(asked: str, etag: str) -> bool:
    """Whether an If-None-Match header names the file as it is (RFC 9110, section 13.1.2)."""
    names = (name.strip().removeprefix("W/") for name in asked.split(","))
    return any(name in (etag, "*") for name in names)
