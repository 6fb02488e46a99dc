"""Names of taught things: what is one, and when two are the same. Knows no thing."""

from __future__ import annotations

import unicodedata

from ttm_protocol.errors import BadRequest

MAX_NAME_BYTES = 48


def proper_name(name: str) -> str:
    """Composed, single spaces; raises BadRequest for one that is empty, too long or unprintable."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not plain:
        raise BadRequest("name: must not be empty", field="name")
    if any(unicodedata.category(mark).startswith("C") for mark in plain):
        raise BadRequest("name: must not contain control characters", field="name")
    if len(plain.encode()) > MAX_NAME_BYTES:
        raise BadRequest(
            f"name: {len(plain.encode())} bytes of UTF-8, at most {MAX_NAME_BYTES}", field="name"
        )
    return plain


def same_name(one: str, other: str) -> bool:
    """Whether two proper names are one, whatever their case."""
    return unicodedata.normalize("NFC", one.casefold()) == unicodedata.normalize(
        "NFC", other.casefold()
    )
