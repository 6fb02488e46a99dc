"""The page about the REST interface, made of the OpenAPI document and the guide's part on it."""

from __future__ import annotations

import json
from typing import Any, cast

from pages.guide import sections
from pages.markdown import MADE, code, fenced, table
from pages.schema import fields_table, told_type
from ttm_server.config import load_settings
from ttm_server.gateway.app import create_app
from ttm_server.store import GatewayStore

_HEAD = """# The REST interface

Every call, as the running server tells it at `/docs` (with a form for each) and as an OpenAPI 3.1
document, `GET /openapi.json`, of which this page is made. How media gets in is on the page about
[the wire protocol](protocol.md).

"""
_PARTS = ("Words, names, pictures", "Export, import, fork", "Errors of REST calls")


def document() -> dict[str, Any]:
    """The OpenAPI document of a server with default settings; it needs no store."""
    app = create_app(cast(GatewayStore, None), load_settings())
    return app.openapi()


def page() -> str:
    """The whole page."""
    openapi = document()
    guide = sections()
    opening = guide[""].replace("as described below", "see [the wire protocol](protocol.md)")
    parts = [MADE, _HEAD, opening, *(guide[name] for name in _PARTS)]
    titles = {tag["name"]: tag["description"] for tag in openapi["tags"]}
    for tag, told in titles.items():
        parts.append(f"\n## Calls: {tag}\n\n{told}\n")
        parts += [
            _call(method, path, call)
            for path, item in openapi["paths"].items()
            for method, call in item.items()
            if call["tags"] == [tag]
        ]
    parts.append("\n## What is sent and told\n")
    for name, schema in sorted(openapi["components"]["schemas"].items()):
        parts.append(_schema(name, schema))
    return "".join(parts)


def _call(method: str, path: str, call: dict[str, Any]) -> str:
    text = f"\n### {method.upper()} {path}\n\n{_told(call)}\n"
    given = [
        (code(one["name"]), one["in"], told_type(one["schema"]), one.get("description", ""))
        for one in call.get("parameters", ())
        if one["in"] != "path"
    ]
    if given:
        text += "\n" + table(("parameter", "in", "type", "meaning"), given)
    if "requestBody" in call:
        text += f"\nBody: {_content(call['requestBody']['content'])}\n"
    answers = [
        (status, one["description"], _content(one.get("content", {})))
        for status, one in sorted(call["responses"].items())
        if int(status) < 400
    ]
    text += "\n" + table(("status", "meaning", "body"), answers)
    refused = [code(status) for status in sorted(call["responses"]) if int(status) >= 400]
    if refused:
        text += f"\nErrors: {', '.join(refused)}, each a [Problem](#problem).\n"
    return text


def _told(call: dict[str, Any]) -> str:
    summary, told = str(call["summary"]), str(call.get("description", "")).strip()
    return told if told.startswith(summary) else f"{summary}\n\n{told}".strip()


def _content(content: dict[str, Any]) -> str:
    return "; ".join(
        f"{code(kind)} {told_type(one.get('schema', {}), anchors=True)}".strip()
        for kind, one in content.items()
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    text = f"\n### {name}\n"
    if "description" in schema:
        text += f"\n{schema['description'].strip()}\n"
    if "properties" in schema:
        text += "\n" + fields_table(schema, anchors=True)
    for example in schema.get("examples", ())[:1]:
        text += "\n" + fenced(json.dumps(example, indent=2, ensure_ascii=False), "json")
    return text
