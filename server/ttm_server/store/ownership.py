"""The worker's side of a session: own it and read its input. Knows no model and no commit.

The lease saves work; what carries correctness is the fence, which every commit must show.
"""

from __future__ import annotations

import logging

import msgspec

from ttm_protocol.errors import Fenced, Quarantined, outcome_of
from ttm_server.config import Settings
from ttm_server.store.codes import Code
from ttm_server.store.edge import Edge, Part
from ttm_server.store.keys import new_id, session_keys
from ttm_server.store.leases import Leases
from ttm_server.store.quarantine import quarantined
from ttm_server.store.ready import hint_ready
from ttm_server.store.sessions import not_found
from ttm_server.store.state_fields import from_fields
from ttm_server.store.types import Acquired

log = logging.getLogger(__name__)

QUARANTINE_TEXT = (
    "the session's media ended its worker again and again; it is set aside for a while"
)
GRACE_S = 5.0  # how long the keys of questions outlive the last deadline in them
_REFUSAL = msgspec.json.encode(
    {"error_code": outcome_of(Quarantined).code, "error_message": QUARANTINE_TEXT}
)


class Ownership(Part):
    """The store's part for workers."""

    def __init__(self, edge: Edge, settings: Settings, leases: Leases) -> None:
        super().__init__(edge, settings)
        self._leases = leases

    async def acquire(self, sid: str, owner: str, ttl_s: float) -> Acquired | None:
        """Own a session: None while another owner's lease is live.

        The same owner may acquire again and gets another fence. Raises SessionNotFound, and
        StateIncompatible where the stored state is damaged (the session is then left alone until
        the lease runs out), Quarantined where it ended its owners again and again: its open
        questions have then been refused.
        """
        keys = session_keys(sid)
        fence = new_id()
        code, rest = await self._edge.script(
            "acquire",
            [keys.meta, keys.state, keys.lease, *keys.questions],
            owner,
            fence,
            milliseconds(ttl_s),
            self._settings.quarantine_after,
            milliseconds(self._settings.quarantine_s),
            _REFUSAL,
            keys.wake_out,
            milliseconds(GRACE_S),
        )
        if code is Code.GONE:
            raise not_found()
        if code is Code.HELD:
            return None
        if code is Code.QUARANTINED:
            raise quarantined(rest[0])
        await self._leases.note_leases([sid], ttl_s)
        applied, _, crashes, tiered, kept = rest[:5]
        return Acquired(
            fence=fence,
            applied=applied,
            state=None if tiered is not None else from_fields(applied, rest[5:]),
            crashes=crashes,
            kept=None if kept is None else kept.decode(),
            tiered=None if tiered is None else tiered.decode(),
        )

    async def renew(self, sid: str, fence: str, ttl_s: float) -> bool:
        """Lengthen the lease; False when the session is not owned under this fence any more."""
        keys = session_keys(sid)
        code, _ = await self._edge.script(
            "renew", [keys.meta, keys.lease], checked_fence(fence), milliseconds(ttl_s), ""
        )
        return code is Code.OK

    async def begin_trial(self, sid: str, fence: str, ttl_s: float) -> bool:
        """Note that from here on a crash is this session's fault; also renews the lease.

        False when the session is not owned under this fence any more. The next commit or
        `pass_trial` ends the trial.
        """
        return await self._try(sid, fence, ttl_s, "begin")

    async def pass_trial(self, sid: str, fence: str, ttl_s: float) -> bool:
        """Clear a session of suspicion whose trial left nothing to commit."""
        return await self._try(sid, fence, ttl_s, "passed")

    async def _try(self, sid: str, fence: str, ttl_s: float, step: str) -> bool:
        keys = session_keys(sid)
        code, _ = await self._edge.script(
            "renew", [keys.meta, keys.lease], checked_fence(fence), milliseconds(ttl_s), step
        )
        return code is Code.OK

    async def forget_lease(self, sid: str) -> None:
        """Note that a session has no owner any more."""
        await self._leases.forget_lease(sid)

    async def release(
        self, sid: str, fence: str, *, unreadable: bool = False, hint: bool = True
    ) -> None:
        """Give a session back; work that is left goes to another. No error if it is lost.

        `unreadable`: nobody here can flush its memory, so that it shall not wait for it. Without
        `hint` the work that is left waits for a sweep, or for more of it.
        """
        keys = session_keys(sid)
        code, rest = await self._edge.script(
            "release",
            [keys.meta, keys.lease, keys.asks, keys.input],
            checked_fence(fence),
            int(unreadable),
        )
        if code is Code.OK:
            await self._leases.forget_lease(sid)
        if code is Code.OK and hint and (rest[0] > 0 or rest[1] > 0):
            await hint_ready(self._edge, sid, urgent=rest[1] > 0)

    async def read_chunks(self, sid: str, after_seq: int, count: int) -> list[tuple[int, bytes]]:
        """Up to `count` waiting chunks after `after_seq`: (seq, payload), without holes.

        Raises Fenced where the next chunk was trimmed, so that somebody else has applied it.
        """
        keys = session_keys(sid)
        entries = await self._edge.command(
            "XRANGE", keys.input, f"{after_seq + 1}-0", "+", "COUNT", count, repeatable=True
        )
        chunks = [(int(entry_id.partition(b"-")[0]), fields[1]) for entry_id, fields in entries]
        if chunks and chunks[0][0] != after_seq + 1:
            log.info("input of a session starts at %d, wanted %d", chunks[0][0], after_seq + 1)
            raise Fenced(f"chunk {after_seq + 1} has been applied by another worker")
        return chunks

    async def read_kept(self, sid: str, applied: int, most: int) -> list[tuple[int, bytes]]:
        """What is kept of the input up to chunk `applied`: its newest `most`, (seq, payload)."""
        keys = session_keys(sid)
        _, (flat,) = await self._edge.script("kept", [keys.input], applied, most)
        return [(int(seq), data) for seq, data in zip(flat[::2], flat[1::2], strict=True)]


def checked_fence(fence: str) -> str:
    """The fence itself; raises Fenced for an empty one."""
    # An unowned session has an empty fence, which must match nobody.
    if not fence:
        raise Fenced("no session is owned without a fence")
    return fence


def milliseconds(seconds: float) -> int:
    """As the scripts take times: whole, and never none."""
    return max(1, round(seconds * 1000))
