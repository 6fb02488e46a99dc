"""Log records as one JSON object per line, or as text; with what they are about, without secrets.

What a record is about (`request_id`, `session_id`) is a context variable: whoever begins a piece of
work says it once, and everything logged below carries it. Knows no setting.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

Format = Literal["json", "text"]
HIDDEN = "***"
MIN_SECRET_CHARS = 4  # a shorter one would be found in everything

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039
_log = logging.getLogger(__name__)


@contextmanager
def about(**fields: str | None) -> Iterator[None]:
    """While inside, and in tasks that begin inside, records carry these fields; None: not this."""
    known = {name: value for name, value in fields.items() if value}
    token = _about.set({**_about.get(), **known})
    try:
        yield
    finally:
        _about.reset(token)


def told_about() -> Mapping[str, str]:
    """The fields that a record would carry now."""
    return _about.get()


class _Formatter(logging.Formatter):
    """`always`: fields of every record; `secrets`: texts that no line may hold."""

    def __init__(self, always: Mapping[str, str], secrets: Iterable[str]) -> None:
        super().__init__()
        self._always = always
        # The longest first: one may be a part of another.
        secrets = {text for text in secrets if len(text) >= MIN_SECRET_CHARS}
        self._secrets = sorted(secrets, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line = self._line(record, {**self._always, **_about.get()})
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        return line

    def _line(self, record: logging.LogRecord, fields: Mapping[str, str]) -> str:
        raise NotImplementedError


class JsonFormatter(_Formatter):
    """One object per line: time (UTC), level, logger, message, the fields, and a stack if any."""

    def _line(self, record: logging.LogRecord, fields: Mapping[str, str]) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields,
        }
        if record.exc_info and record.exc_info[0] is not None:
            told["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(told, ensure_ascii=False)


class TextFormatter(_Formatter):
    """For people: the same in a line of text."""

    def _line(self, record: logging.LogRecord, fields: Mapping[str, str]) -> str:
        told = " ".join(f"{name}={value}" for name, value in fields.items())
        plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s").format(record)
        first, newline, rest = plain.partition("\n")
        return f"{first} [{told}]{newline}{rest}" if told else plain


def configure(
    level: str,
    form: Format | None,
    secrets: Iterable[str] = (),
    always: Mapping[str, str] | None = None,
) -> None:
    """Send all records of this process to standard error, from now on.

    `form` None: text on a terminal, else JSON. Warnings and exceptions that nobody catches become
    records too.
    """
    form = form or ("text" if sys.stderr.isatty() else "json")
    kind = JsonFormatter if form == "json" else TextFormatter
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(kind(dict(always or {}), secrets))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught


def _log_uncaught(
    kind: type[BaseException], error: BaseException, stack: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, stack)
    else:
        _log.critical("an error that nobody caught", exc_info=(kind, error, stack))
