"""JSON Schema in words: a type, limits, a default. Knows no document."""

from __future__ import annotations

import json
from typing import Any

from pages.markdown import code, table

_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "maxItems": "at most {}",
}
_BYTES = {"maxLength": "at most {} bytes", "minLength": "at least {} bytes"}


def fields_table(schema: dict[str, Any], *, anchors: bool = False) -> str:
    """An object's fields: name, type, whether they may be missing, what they mean."""
    required = set(schema.get("required", ()))
    rows = [
        (
            code(name),
            told_type(field, anchors=anchors),
            _presence(name, field, required),
            _of(field),
        )
        for name, field in schema["properties"].items()
    ]
    return table(("field", "type", "", "meaning"), rows)


def told_type(schema: dict[str, Any], *, anchors: bool = False) -> str:
    """A type in words; of another schema its name, with a link to its anchor if there are any."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if anchors else name
    parts = schema.get("anyOf") or schema.get("oneOf")
    if parts:
        return " or ".join(told_type(part, anchors=anchors) for part in parts)
    if schema.get("type") == "array":
        return f"list of {told_type(schema.get('items', {}), anchors=anchors)}"
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values:
        return " or ".join(code(json.dumps(value)) for value in values)
    return "bytes" if schema.get("format") == "binary" else str(schema.get("type", "anything"))


def _presence(name: str, field: dict[str, Any], required: set[str]) -> str:
    if name in required:
        return "always" if "const" not in field else ""
    default = field.get("default")
    return "may be missing" if default is None else f"default {code(json.dumps(default))}"


def _of(field: dict[str, Any]) -> str:
    """The description and the limits."""
    binary = field.get("format") == "binary"
    limits = [
        ((_BYTES.get(key) if binary else None) or words).format(_number(field[key]))
        for key, words in _LIMITS.items()
        if key in field
    ]
    told = str(field.get("description", "")).strip()
    return f"{told} ({', '.join(limits)})" if limits else told


def _number(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:g}"
