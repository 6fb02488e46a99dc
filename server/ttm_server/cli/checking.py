"""Check an answer against what is known to be true. Knows no server and no clip."""

from __future__ import annotations

import msgspec

from ttm_protocol.answers import Answer


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a right answer must say; fields that are None are not checked.

    `labels`: one of these must be among the answer's evidence; `every`: of each group, one must.
    `start_s`, `end_s`: the answer's `when` must begin and end within `tolerance_s` of them.
    `count`: occurrences over all evidence. `words`: each must stand in the words of one of them,
    whatever its case.
    """

    state: str
    labels: list[str] | None = None
    every: list[list[str]] | None = None
    start_s: float | None = None
    end_s: float | None = None
    tolerance_s: float = 1.5
    count: int | None = None
    words: list[str] | None = None


def verdict(expect: Expectation, answer: Answer) -> tuple[str, ...]:
    """What is wrong with an answer, one clear phrase each; empty when it is right."""
    faults = []
    if answer.state != expect.state:
        faults.append(f"state {answer.state}, expected {expect.state}")
        return tuple(faults)
    labels = [item.label for item in answer.evidence]
    groups = [*(expect.every or []), *([expect.labels] if expect.labels else [])]
    for group in groups:
        if not set(group) & set(labels):
            faults.append(f"none of {group} in the evidence {labels}")
    for edge in ("start_s", "end_s"):
        wanted = getattr(expect, edge)
        if wanted is None:
            continue
        found = None if answer.when is None else getattr(answer.when, edge)
        if found is None or abs(found - wanted) > expect.tolerance_s:
            faults.append(f"{edge} {found}, expected {wanted} within {expect.tolerance_s} s")
    if expect.count is not None:
        counted = sum(item.count for item in answer.evidence)
        if counted != expect.count:
            faults.append(f"counted {counted}, expected {expect.count}")
    quotes = [item.text for item in answer.evidence if item.text]
    for word in expect.words or []:
        if not any(word.casefold() in quote.casefold() for quote in quotes):
            faults.append(f"no {word!r} in the words {quotes}")
    return tuple(faults)
