"""The OpenAPI document: what FastAPI derives, with a guide, whole examples and our errors."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from http import HTTPStatus
from importlib import metadata, resources
from itertools import pairwise
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ttm_protocol import answers
from ttm_protocol.messages import MAX_LABEL_CHARS, Limits
from ttm_server.config import Settings
from ttm_server.gateway.bodies import MAX_NAME_BYTES, Problem
from ttm_server.gateway.examples import EXAMPLES, SESSION_ID
from ttm_server.gateway.pictures import base64_bytes
from ttm_server.gateway.problems import MEDIA_TYPE, problem_body

_REASONS = {
    401: "No API key, or a wrong one.",
    403: "A browser page of another origin, or a Host that is not served.",
    404: "No such session, or not in it what the path names.",
    409: "The session's state does not allow it: what was sent does not fit, or it is quarantined.",
    413: "The request body is larger than its limit.",
    415: "The request body is of another media type than this call takes.",
    422: "A field is missing, unknown or out of its limits; `field` names it.",
    503: "Try again later: the store or a worker cannot be reached, or a queue is full.",
}
_EXAMPLES = {
    401: ("unauthenticated", "Authorization: send 'Bearer <api key>'", "Authorization"),
    403: ("origin_refused", "Origin: pages of this origin may not use the server", "Origin"),
    404: ("no_such_session", "session_id: no such session", "session_id"),
    409: ("state_incompatible", "schema: the file has 'a', this server continues 'b'", "schema"),
    413: ("too_big", "body: larger than 65536 bytes", "body"),
    415: ("unsupported_media_type", "Content-Type: must be application/json", "Content-Type"),
    422: ("bad_request", "question: 0 characters, 1 to 2000", "question"),
    503: ("store_unavailable", "the store cannot be used now", None),
}
_TAGS = [
    {"name": "sessions", "description": "Begin, look at and delete sessions."},
    {"name": "memory", "description": "Export, import and copy what a session remembers."},
    {"name": "questions", "description": "Ask a session's memory about earlier events."},
    {"name": "words", "description": "What was said and written, as text and as captions."},
    {"name": "things", "description": "Teach a session names for what it sees and hears."},
    {"name": "vocabulary", "description": "What the senses of this server can recognise."},
    {"name": "operations", "description": "For those who run the server."},
]


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint: problem documents with these statuses."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": f"{HTTPStatus(status).phrase}: {_REASONS[status]}",
            "content": {MEDIA_TYPE: {"schema": schema, "example": _example(status)}},
        }
        for status in statuses
    }


def _example(status: int) -> dict[str, Any]:
    code, detail, field = _EXAMPLES[status]
    return problem_body(status, code, detail, field)


def description(settings: Settings, limits: Limits) -> str:
    """What a new user has to know, in Markdown: sessions, the stream, a worked example, errors."""
    text = resources.files("ttm_server.gateway").joinpath("guide.md").read_text("utf-8")
    values = {
        "session_id": SESSION_ID,
        "max_question_chars": settings.max_question_chars,
        "ticket_ttl_s": f"{settings.ticket_ttl_s:g}",
        "send_timeout_s": f"{settings.send_timeout_s:g}",
        "webm_decoders": settings.webm_decoders,
        "connections_per_client": settings.connections_per_client,
        "max_memory_mib": f"{settings.max_memory_bytes / 2**20:g}",
        "input_capacity_chunks": settings.input_capacity_chunks,
        "max_picture_kib": limits.max_picture_bytes // 1024,
        "max_picture_side_px": limits.max_picture_side_px,
        "max_pictures": limits.max_pictures,
        "max_message_mib": limits.max_message_bytes // 2**20,
        "max_reason_chars": limits.max_reason_chars,
        "max_label_chars": MAX_LABEL_CHARS,
        "max_name_bytes": MAX_NAME_BYTES,
        "min_chunk_s": limits.min_chunk_s,
        "max_chunk_s": limits.max_chunk_s,
        "start_timeout_s": f"{limits.start_timeout_s:g}",
    }
    for name, value in values.items():
        text = text.replace(f"<<{name}>>", str(value))
    return text


def install(app: FastAPI, settings: Settings, limits: Limits) -> None:
    """Replace the application's OpenAPI document by ours, made at its first use."""

    @cache
    def document() -> dict[str, Any]:
        whole = get_openapi(
            title="ttmserve",
            version=metadata.version("ttmserve"),
            summary="Stream a camera and a microphone in; ask about earlier events.",
            description=description(settings, limits),
            routes=app.routes,
            tags=_TAGS,
            license_info={"name": "Apache-2.0"},
        )
        components = whole.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema()
        for name, example in EXAMPLES.items():
            schemas[name]["examples"] = [example]
        _describe_fields(schemas)
        _without_fastapis_errors(whole["paths"], schemas)
        asked = schemas["QuestionRequest"]["properties"]
        asked["question"] |= {"minLength": 1, "maxLength": settings.max_question_chars}
        asked["picture"] |= {"maxLength": base64_bytes(limits.max_picture_bytes)}
        if settings.api_keys:
            components["securitySchemes"] = {
                "api_key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "One of the server's API keys.",
                }
            }
            _require_key(whole["paths"])
        return whole

    app.openapi = document  # type: ignore[method-assign]


def _describe_fields(schemas: dict[str, Any]) -> None:
    """Give each field of an answer the docstring under it as its description.

    Pydantic does so too if told to, but parses each class anew, in the midst of the first request.
    """
    for kind in ast.parse(inspect.getsource(answers)).body:
        if not isinstance(kind, ast.ClassDef) or kind.name not in schemas:
            continue
        fields = schemas[kind.name]["properties"]
        for field, told in pairwise(kind.body):
            match field, told:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    fields[name]["description"] = inspect.cleandoc(text)


def _without_fastapis_errors(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Take out the 422 that FastAPI adds to calls which cannot give one of its kind."""
    for item in paths.values():
        for operation in item.values():
            refused = operation["responses"].get("422", {})
            if MEDIA_TYPE not in refused.get("content", {}):
                operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def _require_key(paths: dict[str, Any]) -> None:
    for path, operations in paths.items():
        if path.startswith("/v1/"):
            for operation in operations.values():
                operation["security"] = [{"api_key": []}]
