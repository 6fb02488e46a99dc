"""The parts of the guide at `/docs`, by heading, for the pages that they belong to."""

from __future__ import annotations

import re

from ttm_protocol.messages import DEFAULT_LIMITS
from ttm_server.config import load_settings
from ttm_server.gateway.openapi import description

_SERVED = re.compile(r"\[(?:openapi\.json|asyncapi\.yaml)\]\((/[a-z.]+)\)")


def sections() -> dict[str, str]:
    """Heading of the second level -> its text with the heading; the opening is under ``."""
    whole = _SERVED.sub(r"`GET \1`", description(load_settings(), DEFAULT_LIMITS))
    parts = re.split(r"^## (.+)\n", whole, flags=re.MULTILINE)
    found = {"": parts[0]}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        found[heading] = f"## {heading}\n{text}"
    return found
