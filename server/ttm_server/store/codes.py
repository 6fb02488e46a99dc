"""What the Lua scripts answer: one number per outcome. Knows neither Redis nor errors.

The members become local constants at the top of every script (see :mod:`.lua`), so Python and Lua
read the same table.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """First element of every script's reply."""

    OK = 0
    GONE = 1  # the session does not exist, or has been deleted
    SUPERSEDED = 2  # another connection has taken the sending side
    DUPLICATE = 3  # this chunk is already stored
    GAP = 4  # chunks before this one are missing
    TIME_BACK = 5  # media time runs backwards
    BUSY = 6  # as many chunks wait for a worker as may wait
    HELD = 7  # another owner's lease is live
    FENCED = 8  # the fence is not the current one
    CONFLICT = 9  # the fence is current, the position is not
    ALREADY = 10  # this very commit has happened before
    INVALID = 11  # a value that must never be stored
    FULL = 12  # a bounded collection has no room
    PENDING = 13  # asked, not answered yet
    LOST = 14  # neither asked nor answered, or too late
    QUARANTINED = 15  # set aside after it ended its worker again and again
    FRESH = 16  # not old enough to expire
    MOVED = 17  # what was to be flushed is not the end of the stream any more
