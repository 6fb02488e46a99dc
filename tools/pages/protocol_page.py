"""The page about the wire protocol: the guide's part, and every message from its type."""

from __future__ import annotations

import json
from typing import Any

from pages import asyncapi
from pages.guide import sections
from pages.markdown import MADE, code, fenced
from pages.schema import fields_table

_HEAD = """# The wire protocol

How a client streams, as the running server tells it at `/docs`. The messages are also an AsyncAPI
3.0 document, `GET /asyncapi.yaml`, made like the tables below of the types in
`ttm_protocol/messages.py`.

"""


def page() -> str:
    """The whole page."""
    document = asyncapi.document()
    schemas = document["components"]["schemas"]
    sent_by_client = [
        ref["$ref"].rpartition("/")[2] for ref in document["operations"]["fromClient"]["messages"]
    ]
    messages = document["components"]["messages"]
    parts = [MADE, _HEAD, sections()["The stream"], "\n## Every message\n"]
    for title, names in (
        ("From the client", sent_by_client),
        ("From the server", [name for name in messages if name not in sent_by_client]),
    ):
        parts.append(f"\n### {title}\n")
        parts += [_message(name, messages[name], schemas[name]) for name in names]
    parts.append("\n### Parts of messages\n")
    parts += [
        f"\n#### {name}\n\n{_text(schema)}\n\n{_fields(schema)}"
        for name, schema in schemas.items()
        if name not in messages
    ]
    return "".join(parts)


def _message(name: str, message: dict[str, Any], schema: dict[str, Any]) -> str:
    how = "binary, MessagePack" if "contentType" in message else "text, JSON"
    text = f"\n#### {name}\n\n{_text(schema)} ({how})\n\n{_fields(schema)}"
    for example in message.get("examples", ()):
        text += "\n" + fenced(json.dumps(example["payload"], ensure_ascii=False), "json")
    return text


def _text(schema: dict[str, Any]) -> str:
    return " ".join(str(schema["description"]).split())


def _fields(schema: dict[str, Any]) -> str:
    """A table of the fields; of a message that has none but its type, only that."""
    if set(schema["properties"]) == {"type"}:
        return f"No field but {code('type')}.\n"
    return fields_table(schema, anchors=True)
