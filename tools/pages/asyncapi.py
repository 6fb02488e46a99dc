"""The AsyncAPI document, made of the message types. Knows no gateway and no page.

What is not in a type (how the connection goes, examples) stands in `asyncapi_frame.yaml`.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, get_args

import msgspec
import yaml

from ttm_protocol.messages import Chunk, ClientText, ServerText

FRAME = Path(__file__).parent / "asyncapi_frame.yaml"
MADE = "# Made by tools/write_pages.py of ttm_protocol/messages.py and tools/pages/: edit those.\n"
_CHANNEL = "#/channels/stream"


def document() -> dict[str, Any]:
    """The whole document; AsyncAPI 3.0 of `ttm.v1`."""
    frame: dict[str, Any] = yaml.safe_load(FRAME.read_text("utf-8"))
    examples = frame.pop("examples")
    received = {_tag(kind): kind for kind in (*get_args(ClientText), Chunk)}
    sent = {_tag(kind): kind for kind in get_args(ServerText)}
    kinds = received | sent
    frame["channels"]["stream"]["messages"] = {
        name: {"$ref": f"#/components/messages/{name}"} for name in kinds
    }
    for operation, names in (("fromClient", received), ("toClient", sent)):
        frame["operations"][operation] |= {
            "channel": {"$ref": _CHANNEL},
            "messages": [{"$ref": f"{_CHANNEL}/messages/{name}"} for name in names],
        }
    frame["components"] = {
        "messages": {name: _message(kind, examples.get(name)) for name, kind in kinds.items()},
        "schemas": _schemas(list(kinds.values())),
    }
    return frame


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
    """Writes paragraphs as blocks, so that people can read them."""


def _written(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _written)


def text() -> str:
    """The document as YAML."""
    dumped: str = yaml.dump(
        document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return MADE + dumped


def _tag(kind: type[msgspec.Struct]) -> str:
    """A message's name: what stands in its `type`; a chunk has none."""
    return str(kind.__struct_config__.tag or kind.__name__.lower())


def _message(kind: type[msgspec.Struct], examples: list[Any] | None) -> dict[str, Any]:
    message: dict[str, Any] = {"summary": (inspect.getdoc(kind) or "").partition("\n")[0]}
    if kind is Chunk:
        message["contentType"] = "application/x-msgpack"
    message["payload"] = {"$ref": f"#/components/schemas/{_tag(kind)}"}
    if examples:
        message["examples"] = [{"payload": example} for example in examples]
    return message


def _schemas(kinds: list[type[msgspec.Struct]]) -> dict[str, Any]:
    """The schema of every type and of what it is made of, by lower-case name."""
    _, found = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return {name.lower(): _schema(name, schema) for name, schema in found.items()}


def _schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = _as_messagepack(schema)
    del plain["title"]
    plain["description"] = inspect.cleandoc(plain["description"])
    if not plain["required"]:
        del plain["required"]
    for field in plain["properties"].values():
        if isinstance(field.get("default"), (dict, list)):
            del field["default"]  # said by the field's own type
    if "type" in plain["properties"]:
        plain["properties"]["type"] = {"const": name.lower()}
    return plain


def _as_messagepack(node: Any) -> Any:
    """A schema with bytes as they are (msgspec tells them as base64, which JSON would need)."""
    if isinstance(node, list):
        return [_as_messagepack(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _as_messagepack(value) for key, value in node.items()}
    if plain.pop("contentEncoding", None):
        plain["format"] = "binary"
    if "$ref" in plain:
        plain["$ref"] = plain["$ref"].lower()
        plain.pop("default", None)
    return plain
