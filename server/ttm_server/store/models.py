"""Which models' memories can be continued here: workers announce, gateways ask. Loads no model."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from ttm_server.store.edge import Part
from ttm_server.store.keys import MODEL, model_key

KEEP_S = 35.0  # an announcement that is not repeated is forgotten
ANNOUNCE_EVERY_S = 10.0
MAX_VOCABULARY_BYTES = 256 * 1024


class ModelAnnounced(msgspec.Struct, frozen=True, kw_only=True):
    """A running worker's model: `model` and `memory` as its commits carry them.

    `fingerprint` is that of every memory it writes (see :func:`fingerprint`). `vocabulary` is what
    its senses can recognise, at most MAX_VOCABULARY_BYTES of JSON; None where it did not say.
    """

    model: dict[str, Any]
    memory: dict[str, Any]
    fingerprint: str
    vocabulary: dict[str, Any] | None = None

    @property
    def schema(self) -> str:
        """The name of the memory's layout and meaning."""
        return str(self.model["schema"])


_announced = msgspec.json.Decoder(ModelAnnounced)


def fingerprint(memory: bytes) -> str:
    """What two memories that one model can load have in common: their size and, where they are
    safetensors, the header with every tensor's name, type and shape. A SHA-256 in hexadecimal.
    """
    length = int.from_bytes(memory[:8], "little")
    is_safetensors = 2 <= length <= len(memory) - 8 and memory[8:9] == b"{"
    header = memory[: 8 + length] if is_safetensors else b""
    return hashlib.sha256(b"%d:" % len(memory) + header).hexdigest()


class Models(Part):
    """The store's part for what workers can continue."""

    async def announce_model(self, announced: ModelAnnounced) -> None:
        """Say that a worker with this model runs; to be repeated every ANNOUNCE_EVERY_S."""
        encoded = msgspec.json.encode(announced)
        for key in (model_key(announced.schema), MODEL):
            await self._edge.command(
                "SET", key, encoded, "PX", round(KEEP_S * 1000), repeatable=True
            )

    async def announced_model(self, schema: str | None = None) -> ModelAnnounced | None:
        """The model with this schema, or the one announced last; None where no worker runs it."""
        key = MODEL if schema is None else model_key(schema)
        stored = await self._edge.command("GET", key, repeatable=True)
        return None if stored is None else _announced.decode(stored)
