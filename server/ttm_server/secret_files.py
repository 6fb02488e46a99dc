"""Values that stand in files instead of variables: `NAME_FILE` holds the path of what `NAME` is.

One rule for every setting and every secret, as Docker and Kubernetes mount them. Knows no setting;
what a file holds is never part of an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ttm_protocol.errors import ConfigError

SUFFIX = "_FILE"
MAX_BYTES = 64 * 1024


def values_from_files(names: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """What the files of these variables hold, by the variable's name; those without one are absent.

    White space around a value is dropped. Raises ConfigError where a variable and its file are both
    given, and for a file that cannot be read, is empty, is not UTF-8 or is longer than `MAX_BYTES`.
    """
    given = {name: environment[name + SUFFIX] for name in names if environment.get(name + SUFFIX)}
    return {name: _value(name, path, environment) for name, path in given.items()}


def _value(name: str, path: str, environment: Mapping[str, str]) -> str:
    variable = name + SUFFIX
    if environment.get(name):
        raise ConfigError(f"{variable}: {name} is set as well; give one of them", field=variable)
    try:
        with Path(path).open("rb") as file:
            held = file.read(MAX_BYTES + 1)
        text = held.decode().strip()
    except OSError as error:
        raise ConfigError(
            f"{variable}: cannot read {path}: {error.strerror}", field=variable
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{variable}: {path} is not UTF-8 text", field=variable) from None
    if len(held) > MAX_BYTES:
        raise ConfigError(f"{variable}: {path} is longer than {MAX_BYTES} bytes", field=variable)
    if not text:
        raise ConfigError(f"{variable}: {path} is empty", field=variable)
    return text
