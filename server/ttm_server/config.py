"""One frozen settings object per process, read once at the edge from `TTM_*` variables.

Knows no flag parser: the command line passes its flags as keyword arguments, which win over the
environment. Unknown `TTM_*` variables are refused, so that a misspelt setting is never ignored.
Instead of `TTM_X`, `TTM_X_FILE` may name a file that holds it (`secret_files`).
"""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ttm_protocol.errors import ConfigError
from ttm_server.secret_files import SUFFIX, values_from_files

PREFIX = "TTM_"
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1", "[::1]")


class Settings(BaseSettings):
    """Every setting of ttmserve. Times in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    # where things are
    redis_url: str | None = Field(
        None,
        description="Redis or Valkey: redis://, redis+sentinel://H:P,H:P/SERVICE or "
        "redis+cluster://H:P,H:P, each with rediss for TLS; unset: embedded Valkey",
    )
    data_dir: Path = Field(Path("data"), description="folder of the embedded Valkey")
    weights_dir: Path | None = Field(
        None, description="weights that `ttmserve weights pull` fetched; unset: with user data"
    )
    host: str = Field("127.0.0.1", description="address the gateway listens on")
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        description="port the gateway listens on; 0: `ttmserve serve` finds one",
    )
    worker_metrics_host: str = Field(
        "127.0.0.1", description="address of the worker's port for probes and metrics"
    )
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="/healthz, /readyz and /metrics of a worker; 0: none"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="records below it are not written"
    )
    log_format: Literal["json", "text"] | None = Field(
        None, description="json: one object per line; unset: text on a terminal, else json"
    )

    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://",
        description="where OpenTelemetry traces go (OTLP over HTTP), such as http://HOST:4318; "
        "unset: none are made. Needs ttmserve[otel]",
    )

    # who may come in
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="keys, separated by commas or lines; none: loopback only"
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="comma-separated origins of browser pages besides the server's own"
    )
    ticket_ttl_s: float = Field(
        60.0, gt=0, le=3600, description="a ticket opens a stream for so long"
    )

    # how safe, how long
    durability: Literal["everysec", "strict"] = Field(
        "everysec", description="strict: a chunk is on disk (WAITAOF) before it is acknowledged"
    )
    strict_replicas: int = Field(
        0, ge=0, le=9, description="strict: replicas that have it on disk as well"
    )
    session_ttl_s: float = Field(
        604_800.0, ge=0, description="an unused session is deleted after so long; 0: never"
    )

    # idle sessions
    tier_url: str | None = Field(
        None,
        description="where idle sessions are moved: file:///FOLDER or s3://BUCKET/PREFIX, the same "
        "for all processes; unset: they stay in the store",
    )
    tier_after_s: float = Field(
        3600.0, gt=0, description="a session that is unused for so long is moved there"
    )
    tier_endpoint: str | None = Field(
        None, pattern=r"^https?://", description="of an S3-compatible server; unset: AWS"
    )
    tier_region: str = Field("us-east-1", description="of the bucket")
    tier_access_key: SecretStr | None = Field(
        None, description="key id for the bucket; unset: `AWS_*` variables, the machine's role"
    )
    tier_secret_key: SecretStr | None = Field(None, description="secret that goes with the key id")

    # bounds
    input_capacity_chunks: int = Field(
        64, ge=2, le=4096, description="of one session, waiting for a worker; more is not taken"
    )
    connection_queue_chunks: int = Field(
        16, ge=1, le=1024, description="of one stream, received and not stored; a client's credits"
    )
    events_capacity: int = Field(
        512, ge=16, le=65536, description="newest events of one session that clients may still read"
    )
    asks_capacity: int = Field(64, ge=1, le=4096, description="open questions of one session")
    answer_timeout_s: float = Field(
        30.0, gt=0, le=600, description="a question waits for a worker for so long"
    )
    max_question_chars: int = Field(
        2000, ge=16, le=20_000, description="of one question, white space around it left out"
    )
    max_body_bytes: int = Field(
        64 * 1024, ge=1024, description="of a request, besides pictures and imported memories"
    )
    max_sessions: int = Field(10_000, ge=1, description="in the store at once")
    max_memory_bytes: int = Field(8 * 1024 * 1024, ge=1024, description="of one imported memory")
    connections_per_client: int = Field(
        64,
        ge=1,
        le=100_000,
        description="open streams of one API key, or of one address without keys",
    )
    webm_decoders: int = Field(
        16, ge=0, le=1024, description="live WebM or MP4 streams decoded at once; 0: none are taken"
    )
    send_timeout_s: float = Field(
        10.0, gt=0, le=300, description="a client that reads nothing is given up after so long"
    )
    drain_s: float = Field(
        2.0, ge=0, le=300, description="a stream may go on for so long after `goaway`"
    )

    # worker
    preset: Literal["lite"] = Field("lite", description="senses and memory of a worker")
    sound: Literal["tagger", "voice"] = Field(
        "tagger", description="voice: only speech, singing, music, beeps and knocks, at less cost"
    )
    speech: Literal["tiny.en", "base", "off"] = Field(
        "tiny.en", description="words that are said: English at least cost, many languages, none"
    )
    speech_language: str | None = Field(
        None, pattern=r"^[a-z]{2}$", description="ISO 639-1, such as de; unset: detected"
    )
    reading: bool = Field(True, description="on, off: words that are written")
    people: bool = Field(True, description="on, off: persons in view")
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N")
    threads: int = Field(0, ge=0, le=256, description="torch threads; 0: one")
    max_batch: int = Field(16, ge=1, le=1024, description="sessions that step together")
    max_live_sessions: int = Field(
        256, ge=1, le=100_000, description="sessions that one worker owns at once"
    )
    lease_ttl_s: float = Field(
        5.0, gt=0.05, le=300, description="a dead worker's sessions go on elsewhere after so long"
    )
    commit_every_steps: int = Field(8, ge=1, le=1024, description="a commit at the latest after it")
    commit_every_s: float = Field(2.0, gt=0, le=60, description="a commit at the latest after it")
    idle_release_s: float = Field(
        2.0, gt=0, le=3600, description="a session without work is given back after so long"
    )
    step_timeout_s: float = Field(
        60.0, ge=0, le=3600, description="a step or a decoder that hangs ends its worker; 0: never"
    )
    quarantine_after: int = Field(
        5, ge=1, le=100, description="a session is set aside after so many crashes at one place"
    )
    quarantine_s: float = Field(
        600.0, gt=0, le=604_800, description="such a session is left alone for so long"
    )

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in ("api_keys", "allowed_origins"):
            if isinstance(values.get(name), str):
                values[name] = tuple(
                    part.strip() for part in re.split(r"[,\n]", values[name]) if part.strip()
                )
        return values

    @model_validator(mode="after")
    def _keys_beyond_loopback(self) -> Self:
        if not self.api_keys and not is_loopback(self.host):
            raise ValueError(
                f"host: {self.host} is reachable from other machines, which needs TTM_API_KEYS; "
                "without keys only a loopback address such as 127.0.0.1 is served"
            )
        return self

    @model_validator(mode="after")
    def _both_keys_or_none(self) -> Self:
        if (self.tier_access_key is None) != (self.tier_secret_key is None):
            raise ValueError("tier_access_key, tier_secret_key: both are needed, or neither")
        return self

    @model_validator(mode="after")
    def _language_that_is_understood(self) -> Self:
        if self.speech == "tiny.en" and self.speech_language not in (None, "en"):
            raise ValueError(
                f"speech_language: {self.speech_language} is not understood by tiny.en, which "
                "knows English alone; set TTM_SPEECH=base"
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be reached from this machine."""
    if host.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def secret_texts(settings: Settings) -> list[str]:
    """Every text in these settings that no log may hold: keys, and passwords inside addresses."""
    found: list[str] = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, SecretStr):
                found.append(one.get_secret_value())
            elif isinstance(one, str) and "://" in one:
                found += _passwords(one)
    return found


def _passwords(url: str) -> list[str]:
    """An address's passwords, before its host and in its query: as written and as meant."""
    where, _, query = url.partition("://")[2].partition("?")
    before, at, _ = where.partition("/")[0].rpartition("@")
    found = [before.partition(":")[2]] if at else []
    pairs = (part.partition("=") for part in query.split("&"))
    found += [value for name, _, value in pairs if "password" in name]
    return [text for one in found for text in {one, unquote(one)} if text]


def load_settings(**flags: Any) -> Settings:
    """Settings from `TTM_*` variables and files, overridden by the flags that are not None.

    Raises ConfigError that names the setting and what is wrong with it.
    """
    known = {PREFIX + name.upper(): name for name in Settings.model_fields}
    own = sorted(key for key in os.environ if key.startswith(PREFIX))
    unknown = [key for key in own if key.removesuffix(SUFFIX) not in known]
    if unknown:
        raise ConfigError(f"{unknown[0]}: no such setting", field=unknown[0])
    held = values_from_files(known, os.environ)
    given: dict[str, Any] = {known[variable]: value for variable, value in held.items()}
    given |= {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        text = f"{name}: {message}" if name else message
        raise ConfigError(text, field=name or None) from None
