"""One sentence of words to one question. It knows no memory and no earlier question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from ttm_model.questions.data import kinds, load, words
from ttm_model.questions.patterns import Matched, Patterns
from ttm_model.questions.question import Modality, Noun, Question, Refusal, Understood
from ttm_model.questions.rules import shapes
from ttm_model.questions.rules.anchors import Anchored, split_anchor
from ttm_model.questions.rules.clause import read_clause
from ttm_model.questions.rules.frames import unwrap
from ttm_model.questions.rules.lexicon import (
    AUX,
    DETERMINERS,
    GENERIC,
    LANGUAGE,
    PERCEPTION,
    WEATHER,
)
from ttm_model.questions.rules.mentions import mentioned
from ttm_model.questions.rules.naming import checked
from ttm_model.questions.rules.nouns import singular
from ttm_model.questions.rules.openings import opener, take_order
from ttm_model.questions.rules.phrases import thing
from ttm_model.questions.rules.refusing import doing, why_not
from ttm_model.questions.rules.rewrites import as_written, before_time, plain_order
from ttm_model.questions.rules.soundwords import BASE_FORMS, SOUND_VERBS
from ttm_model.questions.rules.spelling import respell
from ttm_model.questions.rules.times import TIMES
from ttm_model.questions.rules.wording import Wording, untouched

_PATTERNS = Patterns(kinds(LANGUAGE), load(LANGUAGE, "patterns")["macros"])
_PLACES: dict[str, Modality] = dict.fromkeys(("camera", "screen", "view"), "video")
_HANGING = ("open", "polar")  # shapes of sentences that may hang on something
_ASKING = words("what which list describe summarise summarize name report")


def parse_words(words: list[str], asked: bool) -> Understood:
    """Parse one sentence; `asked`: a question mark stood at its end."""
    noted = words[:2] == ["remember", "that"] and not asked  # "remember that the key is here"
    understood = Refusal("NOT_A_QUESTION") if noted else _read(words, asked)
    if isinstance(understood, Question):
        understood = checked(understood)
    if isinstance(understood, Refusal) and not understood.mentions:
        return replace(understood, mentions=mentioned(words))
    return understood


def _read(words: list[str], asked: bool) -> Understood:
    inner = unwrap(respell(words))
    written = as_written(inner.words)
    timed = TIMES.extract(before_time(written))
    again = unwrap([w for i, w in enumerate(timed.words) if i or w != ","])
    recalled, alert = inner.recalled or again.recalled, inner.alert or again.alert
    linked = inner.linked or again.linked
    rest = again.words if timed.window is None else as_written(again.words)
    plain = plain_order(rest)
    by_pattern = _by_pattern(again.words) or _by_pattern(plain)
    if timed.refused:
        return _placed(inner.words) or Refusal(timed.refused)
    if by_pattern is not None:
        return by_pattern.within(timed.window)
    unframed = TIMES.extract(before_time(words)).words  # "was there any mention of" is no frame
    ways = dict.fromkeys(map(tuple, (untouched(words), again.words, plain, unframed)))
    worded = next((one for way in ways if (one := _worded(list(way))) is not None), None)
    if isinstance(worded, Question):
        return worded.within(timed.window)
    # "Which was earlier, ...": the time is what is asked.
    understood = worded or _by_pattern(written)
    if understood is not None:
        return understood
    split = split_anchor(plain)
    apart = split.offset_s is not None or (
        split.relation is not None and shapes.shape_of(split.relation) != "anchored"
    )
    reason = why_not(split.main if apart else plain, alert=alert, linked=linked)
    if reason:
        return Refusal(reason)
    understood = _related(split, asked or recalled or timed.window is not None)
    return understood.within(timed.window) if isinstance(understood, Question) else understood


# --- patterns -------------------------------------------------------------------------------------


def _by_pattern(words: list[str]) -> Question | None:
    """The question that a pattern of some kind makes of the words."""
    while words and words[-1] in (",", "please"):
        words = words[:-1]
    for matched in _PATTERNS.matches(words):
        question = _filled(matched)
        if question is not None and isinstance(checked(question), Question):
            return question
    return None


def _filled(matched: Matched) -> Question | None:
    """A pattern's question with its slots read; None where one of them names nothing."""
    did = {"did"} & set(matched.around)
    nouns = {
        name: _noun(["did", *words] if did and words[-1] in BASE_FORMS else words)
        for name, words in matched.slots.items()
    }
    if None in nouns.values():
        return None
    asked, other = nouns.get("thing"), nouns.get("other")
    modality = _sense(matched.around) or (asked.modality if asked else None)
    return Question(
        matched.kind,
        asked,
        modality,
        () if other is None else (other,),
        order=matched.says.get("order"),
    )


def _sense(words: list[str]) -> Modality | None:
    """The sense that a pattern's own words tell: "see", "sounds", "on camera"."""
    told = [PERCEPTION.get((w,)) or GENERIC.get(w) or _PLACES.get(w) for w in words]
    return next((sense for sense in told if sense), None)


def _noun(words: list[str]) -> Noun | None:
    """Read what a question hangs on or sets beside something: "the dog barked", "a cup"."""
    spoken = _WORDING.clause(words)
    if spoken is not None:
        return spoken
    words, order, _ = take_order([w for w in words if w != ","])
    pointing = words[:1] and words[0] in ("it", "he", "she", "they")
    if pointing and not WEATHER & set(words):
        return None
    if len(words) > 2 and words[-1].endswith("s") and words[-1] in SOUND_VERBS:
        words = ["did", *words]  # "after the rooster crows"
    clause = read_clause(words)
    rest = list(clause.rest)
    done = clause.personal and rest[1:2] and rest[1] in DETERMINERS and rest[0].endswith("ed")
    it = thing(rest[1:]) if done else clause.thing()  # "(after I) dropped a plate": the plate
    return None if it.phrase is None else Noun(it.phrase, it.modality, order, unread=it.unread)


def _worded(words: list[str]) -> Understood | None:
    """A question whose sentence is written out, and what it hangs on; or one that hangs on such."""
    split = split_anchor(words)
    if split.relation is None:
        return _WORDING.question(words)
    main = _WORDING.question(split.main)
    if main is not None and shapes.shape_of(main.kind) in _HANGING:
        anchors = [_noun(_meaning(main.thing, anchor)) for anchor in split.anchors]
        found = tuple(anchor for anchor in anchors if anchor is not None)
        return _hung(main, split, found) if len(found) == len(anchors) else None
    if any(_WORDING.clause(list(anchor)) for anchor in split.anchors) and not why_not(split.main):
        return _related(split, True)
    return _WORDING.question(words)


def _placed(words: list[str]) -> Question | None:
    """A question about a place that was taken for a time: "in the middle"."""
    found = _WORDING.question(words)
    return found if found is not None and shapes.shape_of(found.kind) == "where" else None


def _meaning(thing: Noun | None, anchor: tuple[str, ...]) -> list[str]:
    """The words of an anchor; "it" is the thing that was spoken of: "before I showed it"."""
    said = [] if thing is None else ["the", *thing.phrase.split()]
    return [word for w in anchor for word in (said if said and w in ("it", "one") else [w])]


# --- what a question hangs on ---------------------------------------------------------------------


def _related(split: Anchored, asked: bool) -> Understood:
    """The main question with what it hangs on."""
    if split.relation is None:
        return _main(split.main, asked)
    anchors = [_noun(list(anchor)) for anchor in split.anchors]
    asked = asked or shapes.shape_of(split.relation) != "anchored"
    words = _without_else(split)
    bare = words in (["what"], ["which"]) or all(w in GENERIC for w in words)
    main = Question(shapes.kind_of("open"), None, _sense(words)) if bare else _main(words, asked)
    if isinstance(main, Refusal):
        return main
    if shapes.shape_of(main.kind) in ("tally", "stretch", "numbered"):
        return Refusal("TWO_THINGS")
    if shapes.shape_of(split.relation) == "excluding":
        main = _all_but(main, split)
    found = tuple(anchor for anchor in anchors if anchor is not None)
    if len(found) < len(anchors):
        return Refusal("REFERENCE")
    return _hung(main, split, found)


def _without_else(split: Anchored) -> list[str]:
    """Drop the "else" that says once more that something is left out."""
    return [w for w in split.main if w not in ("else", "other")] or split.main


def _all_but(main: Question, split: Anchored) -> Question:
    """ "Anything other than speech" asks what there was, "any animal but a cat" of a kind."""
    told = next((sense for said in split.anchors if (sense := _sense(_unnamed(said)))), None)
    return replace(main, kind=shapes.kind_of("open"), modality=main.modality or told)


def _unnamed(said: tuple[str, ...]) -> list[str]:
    """The words but those right behind a determiner: "the saw" is a thing."""
    return [word for before, word in pairwise(("", *said)) if before not in DETERMINERS]


def _hung(main: Question, split: Anchored, anchors: tuple[Noun, ...]) -> Question:
    assert split.relation is not None
    kind, offset_s = split.relation, None
    beside = shapes.shape_of(kind) == "anchored" and split.offset_s is None
    if main.modality == "video" and beside:  # "before (I showed you) the cup"
        anchors = tuple(
            replace(a, modality=a.modality or (None if _told(a, said) else "video"))
            for a, said in zip(anchors, split.anchors, strict=True)
        )
    sign = kinds(LANGUAGE)[kind].get("sign")
    if split.offset_s is not None and sign:
        kind, offset_s = shapes.kind_of("offset"), sign * split.offset_s
    return replace(main, kind=kind, anchors=anchors, window=None, order=None, offset_s=offset_s)


def _told(anchor: Noun, said: tuple[str, ...]) -> bool:
    """Whether something was told of the anchor, a thing it did: "the radio was on"."""
    return singular(said[-1]) != anchor.phrase.rsplit(" ", 1)[-1]


# --- without any ----------------------------------------------------------------------------------


def _main(words: list[str], asked: bool) -> Understood:
    if not words:
        return Refusal("REFERENCE")
    return next((read for rule in _MAIN if (read := rule(words, asked)) is not None), None) or (
        shapes.polar(words, asked)
    )


def _opened(words: list[str], asked: bool) -> Understood | None:
    found = opener(words)
    if found is None and words[:2] == ["how", "many"]:
        return shapes.tally(words[2:])
    return shapes.AFTER_OPENING[shapes.shape_of(found[0])](words[found[1] :]) if found else None


def _asking_what(words: list[str], asked: bool) -> Understood | None:
    if words[0] not in _ASKING:
        return None
    reason = doing(words)
    return Refusal(reason) if reason else shapes.open_(words[1:])


def _in_order(words: list[str], asked: bool) -> Understood | None:
    """Read "the first thing you saw", "the last time you saw the cat"."""
    taken, order, timed = take_order(words)
    if order is None or words[0] in AUX:
        return None
    if timed:
        return shapes.moment(words)
    return shapes.ranked(taken, order) if words[len(words) - len(taken) :] == taken else None


_MAIN: tuple[Callable[[list[str], bool], Understood | None], ...] = (
    shapes.numbered,
    _opened,
    _asking_what,
    _in_order,
)
_WORDING = Wording(_noun)
