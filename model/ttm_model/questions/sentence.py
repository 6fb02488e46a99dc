"""One sentence of words to one parsed question. It knows no memory and no earlier question."""
# ruff: noqa: PLR0911, PLR0912  (ordered rules read best as one list of early returns)

from dataclasses import replace

from ttm_model.questions import reasons
from ttm_model.questions.adjectives import ADJECTIVES
from ttm_model.questions.anchors import Anchored, split_anchor
from ttm_model.questions.clause import Clause, read_clause
from ttm_model.questions.guard import names_a_thing
from ttm_model.questions.heads import generic, open_question, opener, take_order, turn
from ttm_model.questions.lexicon import (
    AUX,
    DETERMINERS,
    GENERIC,
    HAPPEN,
    JOINTS,
    PEOPLE,
    PERCEPTION,
    PRONOUNS,
    WEATHER,
    WH,
)
from ttm_model.questions.parsed import Kind, Modality, Order, ParsedQuestion, unsupported
from ttm_model.questions.phrases import Thing, thing
from ttm_model.questions.predicates import STARTS, STOPS, without_predicates
from ttm_model.questions.rewrites import before_time, plain_order
from ttm_model.questions.sounds import BASE_FORMS, SOUND_NOUNS, SOUND_VERBS
from ttm_model.questions.spelling import respell
from ttm_model.questions.timephrases import NOW
from ttm_model.questions.timewords import extract
from ttm_model.questions.wordlist import listed
from ttm_model.questions.wrappers import unwrap

_POINTING = frozenset(listed("it that this them those these"))
_MEDIA = frozenset(listed("video recording stream clip session footage call"))
_UNNAMED = frozenset(("it", "he", "she", "they"))
_MAX_FRAGMENT_WORDS = 6
_VOWELS = frozenset("aeiouyàáâäãåæèéêëìíîïòóôöõøùúûüœ")
_FOREIGN = frozenset(listed("un una uno une el los las les der das ein eine einen est"))
_STANDING = frozenset(listed("there present around here"))
_CONTINUES = frozenset(listed("last lasted go going went continue keep stay remain run on"))


def parse_words(words: list[str], asked: bool) -> ParsedQuestion:
    """Parse one sentence; `asked`: a question mark stood at its end.

    A reading that leaves words over inside a name is no reading: better none than a wrong one.
    """
    parsed = _read(words, asked)
    for named in (parsed.phrase, parsed.target):
        if named is not None and not names_a_thing(named):
            return unsupported(reasons.NOT_UNDERSTOOD)
    return parsed


def _read(words: list[str], asked: bool) -> ParsedQuestion:
    if words[:2] == ["remember", "that"] and not asked:
        return unsupported(reasons.NOT_A_QUESTION)  # "remember that the key is here"
    inner = unwrap(_either_sense(respell(words)))
    recalled, alert = inner.recalled, inner.alert
    timed = extract(before_time(inner.words))
    again = unwrap([w for i, w in enumerate(timed.words) if i or w != ","])
    recalled, alert = recalled or again.recalled, alert or again.alert
    linked = inner.linked or again.linked
    plain = turn(plain_order(_closed_up(again.words)))
    if timed.calendar:
        return unsupported(reasons.CALENDAR)
    reason = reasons.why_not(plain, asks_alert=alert) if plain else reasons.NOT_A_QUESTION
    if reason:
        return unsupported(reason)
    sees = plain[1:2] and plain[1] in ("see", "hear", "notice", "spot", "detect")
    if alert and linked and sees and plain[0] == "you":
        return unsupported(reasons.FUTURE)  # "let me know if you see a dog"
    if alert and not linked and plain[0] in ("a", "an", "some"):
        return unsupported(reasons.NOT_A_QUESTION)  # "tell me a joke"
    plain = _occasion(plain)
    opened = opener(plain)
    if opened and "since" in plain[: opened[1]]:
        plain = ["when", *plain[opened[1] :]]  # "how long has it been since ..."
    split = split_anchor(plain)
    if split.offset:
        return unsupported(reasons.OFFSET)
    if split.relation is not None and split.main in (["what"], ["which"]):
        parsed = ParsedQuestion(Kind.WHAT)  # "what preceded the cup"
    else:
        parsed = _main(split.main, asked or recalled or timed.window is not None)
    if split.relation is not None:
        parsed = _anchored(parsed, split)
    if timed.window is not None and parsed.supported:
        parsed = replace(parsed, window=timed.window)
    return parsed


def _closed_up(words: list[str]) -> list[str]:
    """Drop commas right after a question word: "when, if ever, did"."""
    while words[1:2] == [","] and words[0] in WH:
        words = [words[0], *words[2:]]
    return words


def _either_sense(words: list[str]) -> list[str]:
    """Turn "see or hear" into "notice"."""
    for i in range(1, len(words) - 1):
        senses = {PERCEPTION.get((words[i + k],)) for k in (-1, 1)}
        if words[i] in ("or", "and") and senses == {"video", "audio"}:
            return [*words[: i - 1], "notice", *words[i + 2 :]]
    return words


def _occasion(words: list[str]) -> list[str]:
    """Turn "was there a time when the phone rang" into "did the phone ring"."""
    for i in range(2, min(len(words) - 3, 6)):
        named = words[i] in ("time", "moment", "point") and words[i - 1] in ("a", "any")
        if named and words[i + 1] in ("when", "where", "that", "in"):
            return ["did", *words[i + 2 :]]
    return words


def _anchored(main: ParsedQuestion, split: Anchored) -> ParsedQuestion:
    if not main.supported:
        return main
    if main.kind in (Kind.COUNT, Kind.HOW_LONG) or split.relation is None:
        return unsupported(reasons.TWO_THINGS)
    words, order, _ = take_order(list(split.anchor))
    if words[:1] and words[0] in ("it", "he", "she", "they") and not WEATHER & set(words):
        return unsupported(reasons.REFERENCE)
    if len(words) > 2 and words[-1].endswith("s") and words[-1] in SOUND_VERBS:
        words = ["did", *words]  # "after the rooster crows"
    clause = read_clause(words)
    anchor = clause.thing()
    if anchor.phrase is None:
        return unsupported(reasons.REFERENCE)
    modality = anchor.modality
    if modality is None and main.modality == "video":
        modality = "video"  # "what did I show you before (I showed you) the cup"
    return replace(
        main,
        kind=split.relation,
        phrase=anchor.phrase,
        anchor_modality=modality,
        target=main.phrase,
        window=None,
        order=order,
    )


def _main(words: list[str], asked: bool) -> ParsedQuestion:
    if not words:
        return unsupported(reasons.REFERENCE)
    found = opener(words)
    if found:
        kind, n = found
        if kind is Kind.WHEN:
            return _when(words[n:])
        return _count(words[n:]) if kind is Kind.COUNT else _how_long(words[n:])
    if words[:2] == ["how", "many"]:
        return _count(words[2:])
    if words[0] in ("what", "which"):
        return unsupported(reasons.ACTION) if reasons.doing(words) else _what(words[1:])
    if words[0] in ("list", "describe", "summarise", "summarize", "name", "report"):
        return _what(words[1:]) if len(words) > 1 else unsupported(reasons.NOT_A_QUESTION)
    taken, order, timed = take_order(words)
    if order and timed and words[0] not in AUX:
        return _when(words)
    if order and words[0] not in AUX and words[len(words) - len(taken) :] == taken:
        return _ordered(taken, order)
    return _presence(words, asked)


def _when(words: list[str]) -> ParsedQuestion:
    words, order, _ = take_order(words)
    words = _inner(words, Kind.WHEN)
    for i, w in enumerate(words[:-1]):
        perceiving = (words[i + 1],) in PERCEPTION and words[i + 1].endswith("ing")
        if w in STARTS | STOPS and perceiving:
            order = order or ("last" if w in STOPS else "first")
            words = [*words[:i], *words[i + 1 :]]
            break
    if words[:1] and words[0] in ("is", "are", "do", "does") and order is None:
        return unsupported(reasons.FUTURE)
    clause = read_clause(words)
    if clause.rest[:1] == ("that",) and len(clause.rest) > 1:
        clause = read_clause(list(clause.rest[1:]))
    it = _named(clause, words)
    if isinstance(it, ParsedQuestion):
        return it
    return _build(Kind.WHEN, clause, it, order or it.order)


def _inner(words: list[str], kind: Kind) -> list[str]:
    """Drop a second opening of the same kind: "when (was the time) I showed you the key"."""
    for skip in (0, 1):
        found = opener(words[skip:]) if not skip or words[:1] in (["was"], ["is"]) else None
        if found and found[0] is kind and found[1] + skip < len(words):
            return words[found[1] + skip :]
    return words


def _count(words: list[str]) -> ParsedQuestion:
    words = _inner(words, Kind.COUNT)
    if words[:1] and words[0] in ADJECTIVES:
        return unsupported(reasons.ATTRIBUTE)  # "how many times louder"
    opened = open_question(words)
    if opened.category and opened.rest and not generic(opened.category):
        after = read_clause(opened.rest)
        it = thing(opened.category, heard=after.modality)
        tail = thing(list(after.rest), heard=after.modality)
        if tail.phrase is None or all(w in HAPPEN for w in after.rest):
            return _build(Kind.COUNT, after, it, None)
        made = after.rest[-1:] in (("make",), ("made",), ("give",), ("gave",), ("making",))
        maker = _made_by(words[len(words) - len(opened.rest) :])
        if maker and it.modality == "audio":
            return ParsedQuestion(Kind.COUNT, f"{maker} {it.phrase}", "audio")
        if not made and it.phrase and set(opened.rest) & {"did", "was", "were", "have", "has"}:
            return unsupported(reasons.NOT_UNDERSTOOD)
    clause = read_clause(words)
    it_or = _named(clause, words)
    return it_or if isinstance(it_or, ParsedQuestion) else _build(Kind.COUNT, clause, it_or, None)


def _made_by(words: list[str]) -> str | None:
    """Give "microwave" of "did the microwave make"."""
    if words[:1] not in (["did"], ["has"], ["have"], ["was"]) or len(words) < 3:
        return None
    if words[-1] not in ("make", "made", "making", "give", "gave", "let", "emit", "emitted"):
        return None
    return thing(words[1:-1]).phrase


def _how_long(words: list[str]) -> ParsedQuestion:
    if words[:1] in (["does"], ["do"]):
        return unsupported(reasons.OTHER)  # "how long does a dog live"
    clause = read_clause(words)
    it = _named(clause, words)
    if isinstance(it, ParsedQuestion):
        return it
    if it.phrase in _MEDIA:
        return unsupported(reasons.OTHER)
    bare = not clause.perceived and not clause.existential and it.modality is None
    lasts = bool(set(clause.rest) & (_STANDING | _CONTINUES)) or clause.rest[-1].endswith("ing")
    if bare and not clause.clausal and not lasts:
        return unsupported(reasons.ATTRIBUTE)
    return _build(Kind.HOW_LONG, clause, it, None)


def _ordered(words: list[str], order: Order) -> ParsedQuestion:
    """Read "(the first) animal you saw"."""
    kind = Kind.FIRST if order == "first" else Kind.LAST
    opened = open_question(words)
    clause = read_clause([w for i, w in enumerate(opened.rest) if i or w not in ("that", "which")])
    after = clause.thing()
    bare = without_predicates(list(clause.rest))[0]
    told = all(w in HAPPEN or w in ("the", "camera", "lens", "screen") for w in bare)
    if after.phrase is not None and not told:
        return unsupported(reasons.OTHER)
    head = words[: len(words) - len(opened.rest)]
    if DETERMINERS & set(head[1:]) and "of" not in head:
        return unsupported(reasons.ACTION)  # "the first thing the dog did"
    category = thing(opened.category) if opened.category else Thing(None)
    modality = clause.modality or after.modality or category.modality
    return ParsedQuestion(kind, category.phrase, modality, negated=clause.negated)


def _what(words: list[str]) -> ParsedQuestion:
    if words[:1] in (["was"], ["is"], ["are"], ["were"]):
        pointing = [w for w in words[1:] if w not in ("thing", "just")]
        if pointing[:1] in (["that"], ["this"]) and all(w in GENERIC for w in pointing[1:]):
            hint = next((GENERIC[w] for w in pointing[1:] if w in GENERIC), None)
            return ParsedQuestion(Kind.WHAT, None, hint, window=NOW)
    for i, w in enumerate(words[:-1]):
        if w in ("opening", "closing") and words[i + 1] in GENERIC:
            words = [*words[:i], "first" if w == "opening" else "last", *words[i + 1 :]]
    taken, order, timed = take_order(words)
    if order and timed:
        return _when(words)
    if words[:2] in (["was", "the"], ["is", "the"], ["were", "the"]) and not order:
        named = open_question([w for w in words[2:] if w not in ("next", "only", "other")])
        told = read_clause(named.rest)
        bare, shown, _ = without_predicates(list(named.rest))
        unsaid = not bare and generic(named.category)
        if unsaid or (told.perceived and told.thing().phrase is None):
            kept = thing(named.category) if named.category else Thing(None)
            known = told.modality or shown or kept.modality
            present = words[0] == "is" and bool({"am", "are"} & set(named.rest))
            return ParsedQuestion(Kind.WHAT, kept.phrase, known, window=NOW if present else None)
    if order:
        lead = taken[1:] if taken[:1] in (["was"], ["is"], ["were"], ["are"]) else taken
        return _ordered(lead, order)
    opened = open_question(words)
    if len(opened.rest) == 2 and opened.rest[0] in AUX and opened.rest[1] in _POINTING:
        if opened.rest[1] in ("that", "this", "those", "these"):  # "what sound was that"
            meant = thing(opened.category) if opened.category else Thing(None)
            return ParsedQuestion(Kind.WHAT, meant.phrase, meant.modality, window=NOW)
        return unsupported(reasons.REFERENCE)
    if len(opened.rest) == 2 and opened.rest[0] in AUX and opened.rest[1] in PRONOUNS - {"there"}:
        return unsupported(reasons.REFERENCE)  # "what are you"
    last = words[-1] if words else ""
    inflected = last in SOUND_VERBS and last not in BASE_FORMS | SOUND_NOUNS
    if not opened.rest and inflected and not last.endswith("s"):
        return unsupported(reasons.IDENTITY)  # "which dog barked"
    clause = read_clause(opened.rest)
    after = clause.thing()
    category = thing(opened.category) if opened.category else Thing(None)
    modality = clause.modality or after.modality or category.modality
    if clause.rest[-1:] in (("make",), ("made",), ("making",)) and category.modality == "audio":
        maker = thing(list(clause.rest[:-1]))
        return ParsedQuestion(Kind.WITH, maker.phrase, "audio")
    bare = without_predicates(list(clause.rest))[0]
    loose = all(w in HAPPEN for w in bare)
    if loose and {"playing", "played"} & set(clause.rest):
        modality = modality or "audio"
    if after.phrase is not None and not loose:
        doing = clause.rest[-1] in ("doing", "do") or "to" in clause.rest
        return unsupported(reasons.ACTION if doing else reasons.OTHER)
    if (not opened.rest and not loose) or not words:
        return unsupported(reasons.REFERENCE)
    asked_now = clause.present or opened.rest[:1] in (["is"], ["are"], ["am"])
    asked_now = asked_now and "been" not in opened.rest
    window = NOW if asked_now and not set(clause.rest) & {"you", "i"} else None
    return ParsedQuestion(
        Kind.WHAT, category.phrase, modality, window=window, negated=clause.negated
    )


def _presence(words: list[str], asked: bool) -> ParsedQuestion:
    clause = read_clause(words)
    framed = clause.perceived or clause.existential or words[0] in AUX or clause.personal
    if not framed and not _fragment(words, clause, asked):
        return unsupported(reasons.NOT_A_QUESTION)
    it = _named(clause, words)
    if isinstance(it, ParsedQuestion):
        return it
    if it.phrase is None:
        return _build(Kind.WHAT, clause, it, None)
    kind = Kind.COUNT if it.repeated else Kind.PRESENCE
    return _build(kind, clause, it, None)


def _acts_on(words: tuple[str, ...]) -> bool:
    """Whether something is done to a second thing: "(did) the dog bite the man"."""
    if (
        not words
        or words[0] in PEOPLE
        or words[0] in SOUND_VERBS
        or any(w.startswith("play") for w in words)
    ):
        return False
    words = tuple(without_predicates(list(words))[0])
    for i in range(2, len(words)):
        if words[i] in ("the", "a", "an", "my", "your", "his", "her"):
            return words[i - 1] not in JOINTS and i > 1 + (words[0] in DETERMINERS)
    return False


def _fragment(words: list[str], clause: Clause, asked: bool) -> bool:
    if len(words) > _MAX_FRAGMENT_WORDS:
        return False
    if any(_gibberish(w) for w in clause.rest) or _FOREIGN & set(words):
        return False
    if {"is", "are", "am", "was", "were"} & set(words) and not asked:
        return clause.thing().modality is not None
    return asked or words[0] in DETERMINERS


def _gibberish(word: str) -> bool:
    return word.isascii() and len(word) > 3 and not _VOWELS & set(word)


def _named(clause: Clause, words: list[str]) -> Thing | ParsedQuestion:
    """Name the thing of a clause, or refuse where it names none."""
    it = clause.thing()
    subject = words[: len(words) - len(clause.rest)]
    unnamed = _UNNAMED & set(subject) and not WEATHER & set(words)
    if unnamed and not clause.perceived and not clause.existential:
        return unsupported(reasons.REFERENCE)
    if it.phrase is not None:
        if not clause.perceived and not clause.existential and _acts_on(clause.rest):
            return unsupported(reasons.ACTION)
        action = clause.personal and not clause.perceived and not clause.existential
        if action and _does(clause, it) and not _owns(clause, words):
            return unsupported(reasons.ACTION)
        return it
    if words and (words[-1] in _POINTING or (_POINTING & set(words) and not clause.rest)):
        return unsupported(reasons.REFERENCE)
    if clause.rest and any(w in GENERIC for w in clause.rest):
        return it
    if words[-1:] in (["me"], ["myself"], ["us"]) and clause.perceived:
        return Thing("speech" if clause.modality == "audio" else "person", clause.modality)
    if clause.rest and clause.personal:
        return Thing("person", it.modality)
    return unsupported(reasons.REFERENCE if words else reasons.NOT_A_QUESTION)


def _owns(clause: Clause, words: list[str]) -> bool:
    """Whether "have" is the verb itself: "did I have a cup"."""
    return bool({"have", "had"} & set(words)) and clause.rest[0] in DETERMINERS


def _does(clause: Clause, it: Thing) -> bool:
    """Whether someone did something other than sounding: "did you eat a pizza"."""
    verb = next((w for w in clause.rest if w not in STARTS | STOPS), "")
    return it.modality != "audio" or not (verb in SOUND_VERBS or verb.startswith("play"))


def _build(kind: Kind, clause: Clause, it: Thing, order: Order | None) -> ParsedQuestion:
    modality: Modality | None = it.modality or clause.modality
    return ParsedQuestion(
        kind,
        it.phrase,
        modality,
        window=NOW if clause.present and kind in (Kind.PRESENCE, Kind.WHAT) else None,
        negated=clause.negated,
        order=order,
    )
