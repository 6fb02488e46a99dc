"""`ttmserve weights`: list, verify and pull the weight files. Knows no model and loads no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.console import Console

from ttm_model.encoders.pinning import pulled_path
from ttm_model.encoders.weights import OURS, WeightsFile, table, verified_parts
from ttm_model.errors import WeightsError
from ttm_protocol.errors import BadRequest
from ttm_server.cli.pulling import Wanted, pull


def show(console: Console, *, as_json: bool) -> None:
    """Print the table: what each model is, then its files."""
    if as_json:
        typer.echo(json.dumps([asdict(row) | {"name": row.name} for row in table()], indent=2))
        return
    latest = ""
    for row in table():
        if row.model != latest:
            latest = row.model
            console.print(_about(row), markup=False, highlight=False, soft_wrap=True)
        line = f"  {row.file}  {_size(row)}  sha256 {row.sha256}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def verify(console: Console, without: Sequence[str] = ()) -> int:
    """Hash every file and print a line for each; 1 where one is missing or another, else 0.

    `without`: files or models that need not be there. Raises BadRequest for one that is not in the
    table.
    """
    _known(without)
    wrong = 0
    for row in table():
        if {row.name, row.model} & set(without):
            continue
        problem = _problem(row)
        wrong += problem is not None
        line = problem or f"{row.name}: sha256 {row.sha256[:12]}… ok, {_size(row)}"
        console.print(line, style="red" if problem else "", markup=False, highlight=False)
    return 1 if wrong else 0


def fetch(console: Console, names: Sequence[str]) -> None:
    """Fetch the publisher's copy of the named files or models, or of all that do not verify.

    Raises BadRequest for a name that is not in the table and for a folder that cannot be written,
    PullError where a copy cannot be had.
    """
    for row in _chosen(names):
        if not row.address:
            raise BadRequest(f"{row.name}: comes with {OURS} itself; install it again")
        target = pulled_path(row.name)
        console.print(f"{row.name}: {_size(row)} from {row.address}", markup=False, highlight=False)
        wanted = Wanted(
            row.name, row.address, row.sha256, row.size_bytes, row.download_bytes, row.member
        )
        try:
            pull(wanted, target)
        except OSError as error:
            raise BadRequest(f"{error.filename}: {error.strerror}") from error
        console.print(f"{row.name}: sha256 ok, in {target}", markup=False, highlight=False)


def _known(names: Sequence[str]) -> None:
    known = {name for row in table() for name in (row.name, row.model)}
    for name in names:
        if name not in known:
            raise BadRequest(f"{name}: no weights of that name; `ttmserve weights list` has them")


def _chosen(names: Sequence[str]) -> list[WeightsFile]:
    _known(names)
    if names:
        return [row for row in table() if {row.name, row.model} & set(names)]
    return [row for row in table() if _problem(row) is not None]


def _problem(row: WeightsFile) -> str | None:
    try:
        verified_parts(row)
    except WeightsError as error:
        return str(error)
    return None


def _about(row: WeightsFile) -> str:
    """What is the same for every file of a model."""
    published = f"{row.address} (revision {row.revision})" if row.address else "only here"
    return (
        f"{row.model}: {row.purpose}\n"
        f"  licence {row.licence}\n"
        f"  package {row.package}\n"
        f"  publisher's copy {published}"
    )


def _size(row: WeightsFile) -> str:
    megabytes = row.size_bytes / 1e6
    return f"{megabytes:.1f} MB" if megabytes >= 0.1 else f"{row.size_bytes} bytes"
