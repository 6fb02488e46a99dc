"""The shapes in which questions are asked: what stands where in the words after an opening.

A kind's file names the shape in which it is asked; no kind is named here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ttm_model.questions.data import kinds
from ttm_model.questions.question import Modality, Noun, Order, Question, Refusal, Understood
from ttm_model.questions.rules.clause import Clause, read_clause
from ttm_model.questions.rules.lexicon import (
    ADJECTIVES,
    AUX,
    CONTINUES,
    DETERMINERS,
    HAPPEN,
    LANGUAGE,
    MEDIA,
    PERCEPTION,
    POINTING,
    PRONOUNS,
    STANDING,
    STARTS,
    STOPS,
)
from ttm_model.questions.rules.naming import named, noun
from ttm_model.questions.rules.openings import (
    Open,
    generic,
    open_question,
    opener,
    take_number,
    take_order,
)
from ttm_model.questions.rules.phrases import Thing, thing
from ttm_model.questions.rules.predicates import without_predicates
from ttm_model.questions.rules.soundwords import BASE_FORMS, SOUND_NOUNS, SOUND_VERBS
from ttm_model.questions.window import NOW

_MAKES = ("make", "made", "making", "give", "gave", "let", "emit", "emitted")
_KIND = {asked["shape"]: kind for kind, asked in kinds(LANGUAGE).items()}
_RANKED = {
    asked["order"]: kind for kind, asked in kinds(LANGUAGE).items() if asked["shape"] == "ranked"
}
_TOGETHER = next(kind for kind, asked in kinds(LANGUAGE).items() if asked.get("together"))


def shape_of(kind: str) -> str:
    """The shape in which a kind is asked."""
    return str(kinds(LANGUAGE)[kind]["shape"])


def kind_of(shape: str) -> str:
    """The kind that is asked in a shape of its own."""
    return _KIND[shape]


def ranking(order: Order) -> str:
    """The kind that asks for the first, or the last."""
    return _RANKED[order]


def _build(
    shape: str, clause: Clause, it: Thing, order: Order | None = None, now: bool = False
) -> Question:
    modality: Modality | None = it.modality or clause.modality
    return Question(
        _KIND[shape],
        noun(it, modality),
        modality,
        window=NOW if clause.present and now else None,
        negated=clause.negated,
        order=order,
    )


def _inner(words: list[str], shape: str) -> list[str]:
    """Drop a second opening of the same kind: "when (was the time) I showed you the key"."""
    for skip in (0, 1):
        found = opener(words[skip:]) if not skip or words[:1] in (["was"], ["is"]) else None
        if found and found[0] == _KIND[shape] and found[1] + skip < len(words):
            return words[found[1] + skip :]
    return words


# --- when -----------------------------------------------------------------------------------------


def moment(words: list[str]) -> Understood:
    """Read "(when) did you first see the dog"."""
    words, order, _ = take_order(words)
    words, begun = _beginning(_inner(words, "moment"))
    order = order or begun
    if words[:1] and words[0] in ("is", "are", "do", "does") and order is None:
        return Refusal("FUTURE")
    clause = read_clause(words)
    if clause.rest[:1] == ("that",) and len(clause.rest) > 1:
        clause = read_clause(list(clause.rest[1:]))
    it = named(clause, words)
    if isinstance(it, Refusal):
        return it
    return _build("moment", clause, it, order or it.order)


def _beginning(words: list[str]) -> tuple[list[str], Order | None]:
    """Take "start" out of "did you start hearing the bell", and say which edge it means."""
    for i, w in enumerate(words[:-1]):
        perceiving = (words[i + 1],) in PERCEPTION and words[i + 1].endswith("ing")
        if w in STARTS | STOPS and perceiving:
            return [*words[:i], *words[i + 1 :]], "last" if w in STOPS else "first"
    return words, None


# --- how often, how long --------------------------------------------------------------------------


def tally(words: list[str]) -> Understood:
    """Read "(how many times) did the bell ring", "(how many) barks did you hear"."""
    words = _inner(words, "tally")
    if words[:1] and words[0] in ADJECTIVES:
        return Refusal("ATTRIBUTE")  # "how many times louder"
    opened = open_question(words)
    if opened.category and opened.rest and not generic(opened.category):
        counted = _counted(opened, words)
        if counted is not None:
            return counted
    clause = read_clause(words)
    it = named(clause, words)
    return it if isinstance(it, Refusal) else _build("tally", clause, it)


def _counted(opened: Open, words: list[str]) -> Understood | None:
    """Read "barks did you hear", "beeps did the microwave make"."""
    after = read_clause(opened.rest)
    it = thing(opened.category, heard=after.modality)
    tail = thing(list(after.rest), heard=after.modality)
    if tail.phrase is None or all(w in HAPPEN for w in after.rest):
        return _build("tally", after, it)
    maker = _made_by(words[len(words) - len(opened.rest) :])
    if maker and it.modality == "audio":
        return Question(_KIND["tally"], Noun(f"{maker} {it.phrase}", "audio"), "audio")
    made = after.rest[-1:] and after.rest[-1] in _MAKES[:5]
    if not made and it.phrase and set(opened.rest) & {"did", "was", "were", "have", "has"}:
        return Refusal("NOT_UNDERSTOOD")
    return None


def _made_by(words: list[str]) -> str | None:
    """Give "microwave" of "did the microwave make"."""
    asked = words[:1] in (["did"], ["has"], ["have"], ["was"]) and len(words) > 2
    return thing(words[1:-1]).phrase if asked and words[-1] in _MAKES else None


def stretch(words: list[str]) -> Understood:
    """Read "(how long) did the music play"."""
    if words[:1] in (["does"], ["do"]):
        return Refusal("OTHER")  # "how long does a dog live"
    clause = read_clause(words)
    it = named(clause, words)
    if isinstance(it, Refusal):
        return it
    if it.phrase in MEDIA:
        return Refusal("OTHER")
    bare = not clause.perceived and not clause.existential and it.modality is None
    lasts = bool(set(clause.rest) & (STANDING | CONTINUES)) or "".join(clause.rest[-1:]).endswith(
        "ing"
    )
    if bare and not clause.clausal and not lasts:
        return Refusal("ATTRIBUTE")
    return _build("stretch", clause, it)


# --- first, last, third ---------------------------------------------------------------------------


def ranked(words: list[str], order: Order) -> Understood:
    """Read "(the first) animal you saw"."""
    opened = open_question(words)
    clause = read_clause([w for i, w in enumerate(opened.rest) if i or w not in ("that", "which")])
    after = clause.thing()
    bare = without_predicates(list(clause.rest))[0]
    told = all(w in HAPPEN or w in ("the", "camera", "lens", "screen") for w in bare)
    if after.phrase is not None and not told:
        return Refusal("OTHER")
    head = words[: len(words) - len(opened.rest)]
    if DETERMINERS & set(head[1:]) and "of" not in head:
        return Refusal("ACTION")  # "the first thing the dog did"
    category = thing(opened.category) if opened.category else Thing(None)
    modality = clause.modality or after.modality or category.modality
    if {"playing", "played"} & set(clause.rest):
        modality = modality or "audio"
    return Question(_RANKED[order], noun(category), modality, order=order, negated=clause.negated)


def numbered(words: list[str], asked: bool) -> Understood | None:
    """Read "the third thing I showed you", "when was the second time the dog barked"."""
    rest, number, timed = take_number(words)
    if number is None or not rest:
        return None
    before = next((i for i, (a, b) in enumerate(zip(words, rest, strict=False)) if a != b), 0)
    if "of" in words[:before]:
        return Refusal("ORDINAL")  # "the sound of the second bell"
    found = opener(rest)
    if timed or (found and shape_of(found[0]) == "moment"):
        read = moment(rest[found[1] :] if found else rest)
    elif rest[0] in ("what", "which") or (rest[0] not in AUX and not found):
        lead = rest[1:] if rest[0] in ("what", "which") else rest
        read = ranked(lead[1:] if lead[:1] and lead[0] in ("was", "is", "were") else lead, "first")
    elif found:
        return None
    else:
        read = polar(rest, asked)
    if isinstance(read, Refusal):
        return Refusal("ORDINAL") if read.reason == "OTHER" else read
    return replace(read, kind=_KIND["numbered"], number=number, order=None)


# --- what -----------------------------------------------------------------------------------------


def open_(words: list[str]) -> Understood:
    """Read "(what) animal did you see"."""
    taken, order, timed = take_order(words)
    if order and timed:
        return moment(words)
    if order:
        lead = taken[1:] if taken[:1] in (["was"], ["is"], ["were"], ["are"]) else taken
        return ranked(lead, order)
    return _what_was_the(words) or _plain_what(words)


def _what_was_the(words: list[str]) -> Question | None:
    """Read "(what) was the animal you saw"."""
    if words[:2] not in (["was", "the"], ["is", "the"], ["were", "the"]):
        return None
    opened = open_question([w for w in words[2:] if w not in ("next", "only", "other")])
    told = read_clause(opened.rest)
    bare, shown, _ = without_predicates(list(opened.rest))
    unsaid = not bare and generic(opened.category)
    if not unsaid and not (told.perceived and told.thing().phrase is None):
        return None
    kept = thing(opened.category) if opened.category else Thing(None)
    present = words[0] == "is" and bool({"am", "are"} & set(opened.rest))
    known = told.modality or shown or kept.modality
    return Question(_KIND["open"], noun(kept), known, window=NOW if present else None)


def _plain_what(words: list[str]) -> Understood:
    opened = open_question(words)
    category = thing(opened.category) if opened.category else Thing(None)
    rest = opened.rest
    if len(rest) == 2 and rest[0] in AUX and rest[1] in POINTING | PRONOUNS - {"there"}:
        return Refusal("REFERENCE")  # "(what) are you"
    last = words[-1] if words else ""
    inflected = last in SOUND_VERBS and last not in BASE_FORMS | SOUND_NOUNS
    if not opened.rest and inflected and not last.endswith("s"):
        return Refusal("IDENTITY")  # "which dog barked"
    clause = read_clause(opened.rest)
    after = clause.thing()
    modality = clause.modality or after.modality or category.modality
    if clause.rest[-1:] and clause.rest[-1] in _MAKES[:3] and category.modality == "audio":
        maker = noun(thing(list(clause.rest[:-1])))
        return Question(_TOGETHER, None, "audio", (maker,)) if maker else Refusal("REFERENCE")
    bare = without_predicates(list(clause.rest))[0]
    loose = all(w in HAPPEN for w in bare)
    if loose and {"playing", "played"} & set(clause.rest):
        modality = modality or "audio"
    if after.repeated or (after.phrase is not None and not loose):  # "what did you see twice"
        doing = clause.rest[-1] in ("doing", "do") or "to" in clause.rest
        return Refusal("ACTION" if doing else "OTHER")
    if (not opened.rest and not loose) or not words:
        return Refusal("REFERENCE")
    window = NOW if _asked_now(clause, opened) else None
    return Question(_KIND["open"], noun(category), modality, window=window, negated=clause.negated)


def _asked_now(clause: Clause, opened: Open) -> bool:
    now = clause.present or opened.rest[:1] in (["is"], ["are"], ["am"])
    return now and "been" not in opened.rest and not set(clause.rest) & {"you", "i"}


# --- whether --------------------------------------------------------------------------------------

_MAX_FRAGMENT_WORDS = 6
_VOWELS = frozenset("aeiouyàáâäãåæèéêëìíîïòóôöõøùúûüœ")


def polar(words: list[str], asked: bool) -> Understood:
    """Read "did you see a dog", "any dogs"; `asked`: a question mark stood at its end."""
    clause = read_clause(words)
    framed = clause.perceived or clause.existential or words[0] in AUX or clause.personal
    if not framed and not _fragment(words, clause, asked):
        return Refusal("NOT_A_QUESTION")
    it = named(clause, words)
    if isinstance(it, Refusal):
        return it
    if it.phrase is None:
        return Refusal("OTHER") if it.repeated else _build("open", clause, it, now=True)
    return _build("tally" if it.repeated else "polar", clause, it, now=not it.repeated)


def _fragment(words: list[str], clause: Clause, asked: bool) -> bool:
    if len(words) > _MAX_FRAGMENT_WORDS or any(_gibberish(w) for w in clause.rest):
        return False
    if {"is", "are", "am", "was", "were"} & set(words) and not asked:
        return clause.thing().modality is not None
    return asked or words[0] in DETERMINERS


def _gibberish(word: str) -> bool:
    return word.isascii() and len(word) > 3 and not _VOWELS & set(word)


AFTER_OPENING: dict[str, Callable[[list[str]], Understood]] = {
    "moment": moment,
    "tally": tally,
    "stretch": stretch,
}
