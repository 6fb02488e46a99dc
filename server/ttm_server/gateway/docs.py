"""The documentation: Swagger UI, served from here, over the OpenAPI document; and AsyncAPI."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException

_FOLDER = Path(__file__).parent
_SWAGGER = "assets/swagger-ui/"
_ASSETS = {
    "page.css": ("assets/page.css", "text/css"),
    "page.js": ("assets/page.js", "text/javascript"),
    "swagger-ui.css": (_SWAGGER + "swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": (_SWAGGER + "swagger-ui-bundle.js", "text/javascript"),
    "favicon-32x32.png": (_SWAGGER + "favicon-32x32.png", "image/png"),
}
# Swagger UI sets styles in attributes and draws with data: images; nothing comes from elsewhere.
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs_page() -> FileResponse:
    """Swagger UI over `/openapi.json`."""
    headers = {"Content-Security-Policy": _POLICY}
    return FileResponse(_FOLDER / "assets/docs.html", media_type="text/html", headers=headers)


@router.get("/docs/{name}")
async def docs_asset(name: str) -> FileResponse:
    """One of the files that the page names."""
    if name not in _ASSETS:
        raise HTTPException(404)
    path, media_type = _ASSETS[name]
    caching = "public, max-age=86400" if path.startswith(_SWAGGER) else "no-cache"
    headers = {"Cache-Control": caching}
    return FileResponse(_FOLDER / path, media_type=media_type, headers=headers)


@router.get("/openapi.json")
async def openapi_document(request: Request) -> JSONResponse:
    """The REST interface, as OpenAPI 3.1."""
    return JSONResponse(request.app.openapi())


@router.get("/asyncapi.yaml")
async def asyncapi_document() -> FileResponse:
    """The WebSocket protocol, as AsyncAPI 3.0."""
    return FileResponse(_FOLDER / "asyncapi.yaml", media_type="application/yaml")
