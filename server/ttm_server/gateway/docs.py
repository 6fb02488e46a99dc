"""The documentation: Swagger UI from a package (no network), OpenAPI and AsyncAPI documents."""

from __future__ import annotations

from importlib import resources

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from swagger_ui_bundle import swagger_ui_path

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
# Swagger UI sets styles in attributes and draws with data: images; nothing comes from elsewhere.
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ttmserve: API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="stylesheet" href="docs/page.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/page.js"></script>
</body>
</html>
"""
_SCRIPT = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""
_STYLE = """body { margin: 0; }
.swagger-ui .info .markdown pre { white-space: pre; overflow-x: auto; }
.swagger-ui .info .markdown table { width: auto; }
.swagger-ui .info .markdown td, .swagger-ui .info .markdown th { padding: 0.3em 1em 0.3em 0; }
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs_page() -> HTMLResponse:
    """Swagger UI over `/openapi.json`."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/page.js")
async def docs_script() -> Response:
    """What starts Swagger UI."""
    return Response(_SCRIPT, media_type="text/javascript")


@router.get("/docs/page.css")
async def docs_style() -> Response:
    """Small additions to Swagger UI's style."""
    return Response(_STYLE, media_type="text/css")


@router.get("/docs/{name}")
async def docs_asset(name: str) -> FileResponse:
    """One of Swagger UI's files."""
    if name not in _ASSETS:
        raise HTTPException(404)
    return FileResponse(
        swagger_ui_path / name,
        media_type=_ASSETS[name],
        headers={"Cache-Control": "public, max-age=86400"},
    )


@router.get("/openapi.json")
async def openapi_document(request: Request) -> JSONResponse:
    """The REST interface, as OpenAPI 3.1."""
    return JSONResponse(request.app.openapi())


@router.get("/asyncapi.yaml")
async def asyncapi_document() -> Response:
    """The WebSocket protocol, as AsyncAPI 3.0."""
    text = resources.files("ttm_server.gateway").joinpath("asyncapi.yaml").read_bytes()
    return Response(text, media_type="application/yaml")
