"""Readings of questions as the tables in tests/model/question_tables write them."""

from __future__ import annotations

import re
from pathlib import Path

from ttm_model.questions.question import Noun, Question, Refusal, Understood
from ttm_model.questions.understand import Context, understand
from ttm_model.questions.window import Window

TABLES = Path(__file__).parent / "model" / "question_tables"
HANGING = ("before", "after", "with", "between", "offset", "besides")
SENSES = {"video": "v", "audio": "a", "speech": "s", "text": "t", None: "-"}
ANCHORS = {"s": "vast-", "t": "vast-"}  # of words the anchor may be anything, where none is told
LITERAL = re.compile(r"^\[(taught: (?P<names>[^\]]+)|picture)\] ")


def rows(name: str) -> list[tuple[str, str, str]]:
    """(heading, question, expected readings) of a table."""
    found, heading = [], ""
    for line in (TABLES / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line and not line.startswith("#"):
            text, expected = line.split(" | ", 1)
            found.append((heading, text, expected))
    return found


def told(text: str) -> Understood:
    """What a row's question is understood as: "first [answered: fox] >> second" leans on it.

    "[taught: my cup, blue folder]" before it are names of things, "[picture]" a picture beside it.
    """
    literal = LITERAL.match(text)
    if literal:
        names = (literal["names"] or "").split(", ")
        pictured = not literal["names"]
        return understand(text[literal.end() :], None, filter(None, names), pictured)
    first, _, second = text.partition(" >> ")
    if not second:
        return understand(text)
    asked, _, label = first.partition("[answered: ")
    question = understand(asked.strip())
    assert isinstance(question, Question), asked
    return understand(second, Context(question, Noun(label.rstrip("]"))))


def window_of(window: Window | None) -> str | None:
    if window is None:
        return None
    edges = [f"{e:g}" for e in (window.a_s, window.b_s) if e is not None]
    return ":".join([window.kind, *edges])


def written(noun: Noun | None) -> str | None:
    """A thing as the tables write it."""
    if noun is None:
        return None
    phrase = noun.phrase.casefold() if noun.modality in ("speech", "text") else noun.phrase
    return "@picture" if noun.pictured else f"#{phrase}" if noun.taught else phrase


def reading(question: Question) -> dict[str, object]:
    """The fields of a row; for kinds that hang on something its phrase is what they hang on."""
    first = question.anchors[0] if question.anchors else None
    second = question.anchors[1] if len(question.anchors) > 1 else None
    hangs = question.kind in HANGING
    edged = next((noun for noun in (question.thing, first) if noun and noun.edge), None)
    ranked = question.kind in ("first", "last")
    loose = question.kind == "besides" or (first and (first.taught or first.pictured))
    order = (first.order if first else None) if hangs else None if ranked else question.order
    return {
        "phrase": written(first if hangs else question.thing) or "-",
        "sense": SENSES[question.modality],
        "window": window_of(question.window),
        "neg": question.negated or None,
        "order": order,
        "target": written(question.thing) if hangs else None,
        "other": written(second if hangs else first),
        "anchor": SENSES[first.modality] if first and not loose else "-",
        "number": None if question.number is None else str(question.number),
        "side": question.side,
        "edge": edged.edge if edged else None,
        "offset": None if question.offset_s is None else f"{question.offset_s:g}",
    }


def fits(understood: Understood, row: str) -> bool:
    """Whether a question was understood as one reading of the table says."""
    parts = [part.strip() for part in row.split(" | ")]
    kind, _, phrase = parts[0].partition(" ")
    if kind == "UNSUPPORTED" or isinstance(understood, Refusal):
        return kind == "UNSUPPORTED" and isinstance(understood, Refusal)
    wanted: dict[str, object] = {}
    for extra in parts[2:]:
        key, equals, value = extra.partition("=")
        wanted |= {key: value} if equals else {"neg": True} if extra == "neg" else {"window": extra}
    got = reading(understood)
    exact = ("window", "neg", "order", "target", "other", "number", "offset", "side", "edge")
    return (
        understood.kind == kind.lower()
        and got["phrase"] == phrase
        and str(got["sense"]) in parts[1]
        and str(got["anchor"]) in str(wanted.get("anchor", ANCHORS.get(parts[1], "-")))
        and all(got[name] == wanted.get(name) for name in exact)
    )


def understood_as(text: str, expected: str) -> bool:
    """Whether a question fits one of its readings."""
    understood = told(text)
    return any(fits(understood, row) for row in expected.split(" ; "))
