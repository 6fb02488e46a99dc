"""The store's scripts with their guards taken out: what the laboratory must find wrong.

Knows only how a guard of `commit.lua` looks: a line that answers FENCED or CONFLICT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ttm_server.store.lua import Script, body_of, load_scripts, script

FULL = "full"
NO_FENCE = "no_fence"
NO_FENCE_NO_POSITION = "no_fence_no_position"
CONTROLS = (FULL, NO_FENCE, NO_FENCE_NO_POSITION)

_GUARDS = {FULL: (), NO_FENCE: ("FENCED",), NO_FENCE_NO_POSITION: ("FENCED", "CONFLICT")}


def scripts_for(control: str) -> Mapping[str, Script] | None:
    """None for the real scripts; else all of them, with a COMMIT that lacks the guards."""
    guards = _GUARDS[control]
    if not guards:
        return None
    body = body_of("commit")
    for guard in guards:
        body, removed = re.subn(rf"(?m)^if .* then return \{{{guard}\b.*\}} end\n", "", body)
        assert removed == 1, f"commit.lua has {removed} lines that answer {guard}"
    return dict(load_scripts()) | {"commit": script("commit", body)}
