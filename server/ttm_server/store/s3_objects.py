"""Objects in a bucket of S3 or of what speaks its protocol, through obstore. Knows no session."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from obstore.exceptions import BaseError
from obstore.store import S3Store

from ttm_protocol.errors import ConfigError, TierUnavailable
from ttm_server.config import Settings

if TYPE_CHECKING:
    from obstore.store import S3Config

log = logging.getLogger(__name__)

TIMEOUT = timedelta(seconds=10)
RETRY_WITHIN = timedelta(seconds=3)


class S3Objects:
    """A bucket, below a prefix. Without keys in the settings, obstore looks for them as AWS' own
    clients do: in `AWS_*` variables, a container's role, the machine's role.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str,
        settings: Settings,
        unavailable: Callable[[str], TierUnavailable],
    ) -> None:
        self._unavailable = unavailable
        endpoint, key, secret = (
            settings.tier_endpoint,
            settings.tier_access_key,
            settings.tier_secret_key,
        )
        given: S3Config = {}
        if endpoint is not None:
            given["endpoint"] = endpoint
        if key is not None and secret is not None:
            given["access_key_id"] = key.get_secret_value()
            given["secret_access_key"] = secret.get_secret_value()
        try:
            self._store = S3Store(
                bucket,
                prefix=prefix or None,
                region=settings.tier_region,
                client_options={
                    "timeout": TIMEOUT,
                    "allow_http": endpoint is not None and endpoint.startswith("http://"),
                },
                retry_config={"max_retries": 2, "retry_timeout": RETRY_WITHIN},
                config=given,
            )
        except BaseError:
            raise ConfigError(
                "tier_url: no bucket can be reached with these settings", field="tier_url"
            ) from None

    async def put(self, name: str, data: bytes) -> None:
        """As :class:`.objects.Objects` has it."""
        await self._run("put", self._store.put_async(name, data, use_multipart=False))

    async def get(self, name: str) -> bytes | None:
        """As :class:`.objects.Objects` has it."""
        try:
            found = await self._store.get_async(name)
            return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._failed("get", error) from error
            return None
        except (BaseError, OSError) as error:
            raise self._failed("get", error) from error

    async def delete(self, name: str) -> None:
        """As :class:`.objects.Objects` has it."""
        try:
            await self._store.delete_async(name)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise self._failed("delete", error) from error

    async def names(self) -> AsyncIterator[tuple[str, float]]:
        """As :class:`.objects.Objects` has it."""
        try:
            async for page in self._store.list():
                for one in page:
                    yield one["path"], one["last_modified"].timestamp()
        except (BaseError, OSError) as error:
            raise self._failed("list", error) from error

    async def _run(self, op: str, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except (BaseError, OSError) as error:
            raise self._failed(op, error) from error

    def _failed(self, op: str, error: Exception) -> TierUnavailable:
        # Its text may hold addresses and a server's answer: for the log, not for clients.
        log.warning("tier: %s failed: %s", op, error)
        return self._unavailable(op)
