"""valkey-glide as a link of the store: one connection to each node, shared by all commands.

Two commands for one connection are a batch that is not atomic, sent to the node that has the key.
Its scoped connections cannot be used: they take text only, and chunks are bytes. It knows no
Sentinels, and no hook for a new connection, which strict durability needs.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import glide
from glide_shared import exceptions as theirs
from redis import exceptions as ours

from ttm_server.store import addresses, strict
from ttm_server.store.clients import (
    COMMAND_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    Argument,
    Follow,
    Greeting,
    Words,
)

TIMEOUT_MS = round(COMMAND_TIMEOUT_S * 1000)


class Link:
    """See :class:`ttm_server.store.clients.Link`."""

    def __init__(self, url: str, max_connections: int, greeting: Greeting | None) -> None:
        self._url = url
        self._in_cluster = url.startswith(addresses.CLUSTER)
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def run(
        self, key: Argument | None, *commands: Words, follow: Follow | None = None
    ) -> list[Any]:
        """See :class:`ttm_server.store.clients.Link`."""
        client = await self._opened()
        replies = []
        for words in commands:
            try:
                if follow is None:
                    reply = await client.custom_command(_encoded(words))
                    replies.append(_as_resp2(words, reply))
                    continue
                asked = follow([b""])
                assert asked is not None
                # Once, and with all the time there is: a batch cannot be added to.
                asked = (*asked[:3], round(strict.WAIT_S * 1000))
                reply, safe = await self._together(client, key, words, asked)
                replies.append(_as_resp2(words, reply))
                if isinstance(safe, Exception):
                    raise safe
                replies.append(safe)
            except (theirs.GlideError, OSError) as error:
                refusal = _translated(error)
                if not isinstance(refusal, ours.ResponseError):
                    raise refusal from error
                replies.append(refusal)
        return replies

    async def each(self, words: Words) -> list[Any]:
        """See :class:`ttm_server.store.clients.Link`."""
        client = await self._opened()
        try:
            if not self._in_cluster:
                return [await client.custom_command(_encoded(words))]
            found = await client.custom_command(_encoded(words), route=glide.AllPrimaries())
        except (theirs.GlideError, OSError) as error:
            raise _translated(error) from error
        return list(found.values()) if isinstance(found, dict) else [found]

    async def close(self) -> None:
        """See :class:`ttm_server.store.clients.Link`."""
        if self._client is not None:
            await self._client.close()

    async def _together(self, client: Any, key: Argument | None, *commands: Words) -> list[Any]:
        batch: Any = (glide.ClusterBatch if self._in_cluster else glide.Batch)(is_atomic=False)
        for words in commands:
            batch.custom_command(_encoded(words))
        options: Any = glide.BatchOptions(timeout=TIMEOUT_MS)
        if self._in_cluster:
            assert isinstance(key, str)
            to = glide.SlotKeyRoute(glide.SlotType.PRIMARY, key)
            options = glide.ClusterBatchOptions(timeout=TIMEOUT_MS, route=to)
        replies: list[Any] = await client.exec(batch, False, options)
        if isinstance(replies[0], Exception):
            raise replies[0]
        return replies

    async def _opened(self) -> Any:
        async with self._opening:
            if self._client is None:
                try:
                    self._client = await self._make()
                except (theirs.GlideError, OSError) as error:
                    raise ours.ConnectionError(str(error)) from error
            return self._client

    async def _make(self) -> Any:
        common: dict[str, Any] = {"request_timeout": TIMEOUT_MS}
        connect_ms = round(CONNECT_TIMEOUT_S * 1000)
        if self._url.startswith(addresses.SENTINEL):
            raise ours.ConnectionError("valkey-glide knows no Sentinels")
        if self._in_cluster:
            where = addresses.read_cluster_url(self._url)
            return await glide.GlideClusterClient.create(
                glide.GlideClusterClientConfiguration(
                    [glide.NodeAddress(*seed) for seed in where.seeds],
                    advanced_config=glide.AdvancedGlideClusterClientConfiguration(connect_ms),
                    **common,
                )
            )
        at = urlsplit(self._url)
        return await glide.GlideClient.create(
            glide.GlideClientConfiguration(
                [glide.NodeAddress(at.hostname or "", at.port or 6379)],
                advanced_config=glide.AdvancedGlideClientConfiguration(connect_ms),
                **common,
            )
        )


def _encoded(words: Words) -> list[str | bytes]:
    return [word if isinstance(word, (str, bytes)) else str(word) for word in words]


def _as_resp2(words: Words, reply: Any) -> Any:
    """As the store expects it, and not as glide shapes it by the command's name."""
    if isinstance(reply, dict) and words and words[0] in ("XRANGE", "XREAD"):
        return [[key, [part for pair in pairs for part in pair]] for key, pairs in reply.items()]
    if isinstance(reply, dict):
        return [_as_resp2((), part) for pair in reply.items() for part in pair]
    if isinstance(reply, bool):
        return int(reply)
    if isinstance(reply, float):
        return f"{reply:.17g}".encode()
    if isinstance(reply, list):
        return [_as_resp2((), part) for part in reply]
    return reply.encode() if isinstance(reply, str) else reply


def _translated(error: Exception) -> Exception:
    text = str(error)
    if isinstance(error, (theirs.ConnectionError, theirs.ClosingError, OSError)):
        return ours.ConnectionError(text)
    if isinstance(error, theirs.TimeoutError):
        return ours.TimeoutError(text)
    if "NOSCRIPT" in text.upper():
        return ours.NoScriptError(text)
    return (ours.OutOfMemoryError if "OOM" in text else ours.ResponseError)(text)
