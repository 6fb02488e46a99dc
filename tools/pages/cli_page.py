"""The page about the command line, made of the commands themselves."""

from __future__ import annotations

from typing import Any, TypeAlias

import typer

from pages.markdown import MADE, code, table
from ttm_server.cli.app import app

# Typer brings a click of its own, of which it exports no types.
Command: TypeAlias = Any
Parameter: TypeAlias = Any

_HEAD = """# The command line

`ttmserve COMMAND --help` says the same. A command whose packages are missing names the extra
that has them.

"""


def commands() -> dict[str, Command]:
    """Every command by what is typed after `ttmserve`: `ask`, `weights list` …"""
    root: Command = typer.main.get_command(app)
    found: dict[str, Command] = {}
    for name, command in root.commands.items():
        if hasattr(command, "commands"):
            found |= {f"{name} {inner}": one for inner, one in command.commands.items()}
        else:
            found[name] = command
    return found


def page() -> str:
    """The whole page."""
    return MADE + _HEAD + "\n".join(_command(name, one) for name, one in commands().items())


def _command(name: str, command: Command) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    words = " ".join(_usage(one) for one in arguments)
    usage = f"ttmserve {name} {words}".strip() + (" [options]" if options else "")
    text = f"## {name}\n\n{command.help or ''}\n\n`{usage}`\n"
    if command.context_settings.get("allow_extra_args"):
        return text + f"\nIt has options of its own: `ttmserve {name} --help`.\n"
    rows = [(code(_metavar(one)), _help(one), "", "") for one in arguments]
    rows += [
        (
            ", ".join(code(flag) for flag in (*one.opts, *one.secondary_opts)),
            _help(one),
            _default(one),
            _variables(one),
        )
        for one in options
    ]
    if rows:
        text += "\n" + table(("what", "meaning", "default", "or from"), rows)
    return text


def _metavar(argument: Parameter) -> str:
    return str(argument.name).upper() + ("…" if argument.nargs == -1 else "")


def _usage(argument: Parameter) -> str:
    return _metavar(argument) if argument.required else f"[{_metavar(argument)}]"


def _help(parameter: Parameter) -> str:
    told = str(getattr(parameter, "help", "") or "")
    if parameter.min is not None:
        told += f" {parameter.min} to {parameter.max}."
    return told.strip()


def _default(option: Parameter) -> str:
    if option.default is None or option.is_flag:
        return ""
    return code(option.default)


def _variables(option: Parameter) -> str:
    found = option.envvar
    names = [found] if isinstance(found, str) else list(found or ())
    return ", ".join(code(name) for name in names)
