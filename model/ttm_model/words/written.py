"""Lines of written text as rows of a table: a line seen again goes on. Knows no picture."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from rapidfuzz import fuzz
from torch import Tensor

from ttm_model.nibbles import directions, pack
from ttm_model.slow import Box, Line
from ttm_model.words.entry import GOES_ON, Entry
from ttm_model.words.spoken import byte_of
from ttm_model.words.table import Table, columns_spec
from ttm_model.words.texts import clean, from_row, pieces, to_row
from ttm_protocol.errors import StateIncompatible

PLACES = 96  # lines
TEXT_BYTES = 64
GAP_S = 10.0  # pictures that are nothing new are not read, and a sign stands on meanwhile
SAME_FROM = 80.0  # percent of letters shared by two readings of one line
SAME_LETTERS = 5  # shorter readings are the same only if equal

COLUMNS = columns_spec(PLACES, TEXT_BYTES, {"box": ((4,), torch.uint8), "seen": ((), torch.int32)})


def after_reading(
    table: Table, at_s: float, until_s: float, lines: tuple[Line, ...], keys: Tensor
) -> Table:
    """The lines of one picture, taken at `at_s`, that stood until `until_s`; keys (n, 384).

    A line that was there up to `GAP_S` before goes on, in the words of whichever reading was surer.
    """
    packed = pack(keys)[0]
    for line, key in zip(lines, packed, strict=True):
        for part in pieces(clean(line.text), TEXT_BYTES, TEXT_BYTES):
            values = {
                "text": to_row(part, TEXT_BYTES),
                "p": byte_of(line.p),
                "keys": key,
                "box": _box_row(line.box),
            }
            table = _with_line(table, part, at_s, max(at_s, until_s), values)
    return table


def entries(table: Table) -> tuple[Entry, ...]:
    """The lines, by start."""
    keys = directions(table.columns["keys"][: table.count])
    found = []
    for row, (start_s, end_s) in enumerate(table.spans()):
        left, top, right, bottom = (edge / 255 for edge in table.columns["box"][row].tolist())
        found.append(
            Entry(
                kind="text",
                text=from_row(table.columns["text"][row]),
                start_s=start_s,
                end_s=end_s,
                p=int(table.columns["p"][row]) / 255,
                count=int(table.columns["seen"][row]),
                words=(),
                box=(left, top, right, bottom),
                language="",
                key=keys[row],
            )
        )
    return tuple(found)


def checked(tensors: Mapping[str, Tensor], name: str) -> Table:
    """A stored table; raises StateIncompatible naming the column whose values cannot be."""
    table = Table.from_tensors(tensors, name)
    for row in range(table.count):
        left, top, right, bottom = table.columns["box"][row].tolist()
        if left > right or top > bottom:
            raise StateIncompatible(f"{name}.box: row {row} is {(left, top, right, bottom)}")
        if int(table.columns["seen"][row]) < 1:
            raise StateIncompatible(f"{name}.seen: row {row} was seen less than once")
    return table


def same_line(one: str, other: str) -> bool:
    """Whether two readings are of one line: nearly the same letters, exactly the same digits."""
    return _same(_bare(one), _bare(other))


def _with_line(
    table: Table, text: str, at_s: float, until_s: float, values: dict[str, Tensor]
) -> Table:
    spans = table.spans()
    near = [row for row, (start, end) in enumerate(spans) if start <= at_s <= end + GAP_S]
    for row in sorted(near, key=lambda row: -spans[row][1]):  # the latest first
        if same_line(text, from_row(table.columns["text"][row])):
            end_s = max(spans[row][1], until_s)
            times = torch.tensor([spans[row][0], end_s], dtype=torch.float64)
            surer = int(values["p"]) > int(table.columns["p"][row])
            return table.changed(row, {"times": times, **(values if surer else {})})
    times = torch.tensor([at_s, until_s], dtype=torch.float64)
    seen = torch.tensor(1, dtype=torch.int32)
    return _joined(table).with_room().put({**values, "times": times, "seen": seen})


def _joined(table: Table) -> Table:
    """A full table with the two nearest old appearances of one line made one row, if there are any.

    Nothing is lost of what was written, only of when; so the floor stays.
    """
    if table.count < PLACES:
        return table
    spans, old = table.spans(), sorted(table.oldest())
    texts = {row: _bare(from_row(table.columns["text"][row])) for row in old}
    pairs = [
        (spans[b][0] - spans[a][1], a, b)
        for a, b in combinations(old, 2)
        if _same(texts[a], texts[b])
    ]
    if not pairs:
        return table
    _, first, second = min(pairs)
    start_s, end_s = spans[first][0], max(spans[first][1], spans[second][1])
    seen = table.columns["seen"][first] + table.columns["seen"][second]
    values = {"times": torch.tensor([start_s, end_s], dtype=torch.float64), "seen": seen}
    if int(table.columns["p"][second]) > int(table.columns["p"][first]):
        values |= {name: table.columns[name][second] for name in ("text", "p", "keys", "box")}
    return table.changed(first, values).without(second, table.floor_s)


def _bare(text: str) -> tuple[str, str]:
    """The letters and digits of a text, in lower case, and the digits alone."""
    marks = [mark for mark in text.casefold().removesuffix(GOES_ON) if mark.isalnum()]
    return "".join(marks), "".join(mark for mark in marks if mark.isdigit())


def _same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    (a, digits), (b, other_digits) = one, other
    if a == b:
        return True
    if digits != other_digits or min(len(a), len(b)) < SAME_LETTERS:
        return False
    return fuzz.ratio(a, b, score_cutoff=SAME_FROM) >= SAME_FROM


def _box_row(box: Box) -> Tensor:
    """(4,) uint8: edges as shares of 255, in order."""
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in box)
    edges = (left, top, max(left, right), max(top, bottom))
    return torch.tensor([round(255 * edge) for edge in edges], dtype=torch.uint8)
