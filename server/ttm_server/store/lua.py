"""Loads the Lua scripts of `scripts/` and gives each its reply codes. Knows no connection."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from ttm_server.store.codes import Code

_SUFFIX = ".lua"

# `now_ms` is Redis's clock, the only one that all processes share. `keep` makes a key live at
# least `ms` longer and never shortens what another caller was promised. `lease_left` is 0 for a
# lease that is longer than anybody asked for: the clock was put back. `chunks_left` is the work
# that a session's stream leaves: its waiting chunks, and 1 where it has ended, all is applied and
# that position is not flushed. `after` is the input id that follows a position. `answer` moves a
# question to the replies; false where nobody waits for it any more.
_HELPERS = """
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function lease_left(key, asked_ms)
  local left = redis.call('PTTL', key)
  if left < 0 or left > tonumber(asked_ms or left) then return 0 end
  return left
end
local function keep(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, string.format('%.0f', ms)) end
end
local function chunks_left(applied, durable, ended, flushed)
  local left = tonumber(durable) - tonumber(applied)
  if left == 0 and applied ~= '0' and ended == '1' and flushed ~= applied then return 1 end
  return left
end
local function after(position)
  return string.format('%.0f-0', tonumber(position) + 1)
end
local function answer(asks, ask_bodies, replies, reply_bodies, id, reply, grace_ms)
  local deadline = redis.call('ZSCORE', asks, id)
  if not deadline then return false end
  redis.call('ZREM', asks, id)
  redis.call('HDEL', ask_bodies, id)
  local left = tonumber(deadline) - now_ms()
  if left <= 0 then return false end
  redis.call('ZADD', replies, deadline, id)
  redis.call('HSET', reply_bodies, id, reply)
  keep(replies, left + grace_ms)
  keep(reply_bodies, left + grace_ms)
  return true
end
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A script's full text and the SHA-1 under which Redis caches it."""

    name: str
    text: str
    sha: str


def script(name: str, body: str) -> Script:
    """A script from its Lua text, whose first line is the `#!lua` line with its flags."""
    shebang, _, rest = body.partition("\n")
    constants = "\n".join(f"local {code.name} = {int(code)}" for code in Code)
    text = f"{shebang}\n{constants}{_HELPERS}{rest}"
    # SHA-1 is Redis's name for the script, not a protection.
    return Script(name, text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def body_of(name: str) -> str:
    """The Lua text of one script as it lies in the package."""
    return (_folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


def load_scripts() -> Mapping[str, Script]:
    """All scripts by name."""
    files = (entry.name for entry in _folder().iterdir())
    names = [file.removesuffix(_SUFFIX) for file in files if file.endswith(_SUFFIX)]
    return {name: script(name, body_of(name)) for name in names}


def _folder() -> Traversable:
    return resources.files("ttm_server.store") / "scripts"
