"""Questions that lean on the one before: "and after that?". It knows no memory."""
# ruff: noqa: PLR0911  (ordered rules read best as one list of early returns)

from dataclasses import replace

from ttm_model.questions import reasons
from ttm_model.questions.lexicon import AUX, CONNECTIVES, PERCEPTION
from ttm_model.questions.parsed import Kind, Order, ParsedQuestion, unsupported
from ttm_model.questions.phrases import thing
from ttm_model.questions.sentence import parse_words
from ttm_model.questions.spelling import respell
from ttm_model.questions.timewords import extract
from ttm_model.questions.tokens import TooLongError, sentences
from ttm_model.questions.wordlist import listed

_POINTING = frozenset(listed("it that this them one those he she they him her"))
_LEADS = frozenset(listed("and so ok okay then but well also , hm hmm alright oh now"))
_OPEN = (Kind.WHAT, Kind.FIRST, Kind.LAST, Kind.BEFORE, Kind.AFTER, Kind.WITH)
_BARE: dict[str, tuple[Kind, Order | None]] = {
    "when": (Kind.WHEN, None),
    "how long ago": (Kind.WHEN, None),
    "at what time": (Kind.WHEN, None),
    "what time": (Kind.WHEN, None),
    "since when": (Kind.WHEN, "first"),
    "the first time": (Kind.WHEN, "first"),
    "first time": (Kind.WHEN, "first"),
    "when first": (Kind.WHEN, "first"),
    "the last time": (Kind.WHEN, "last"),
    "last time": (Kind.WHEN, "last"),
    "when last": (Kind.WHEN, "last"),
    "how many times": (Kind.COUNT, None),
    "how often": (Kind.COUNT, None),
    "how long": (Kind.HOW_LONG, None),
    "for how long": (Kind.HOW_LONG, None),
    "before": (Kind.BEFORE, None),
    "what before": (Kind.BEFORE, None),
    "and before": (Kind.BEFORE, None),
    "after": (Kind.AFTER, None),
    "afterwards": (Kind.AFTER, None),
    "what came next": (Kind.AFTER, None),
    "what happened next": (Kind.AFTER, None),
    "next": (Kind.AFTER, None),
    "what next": (Kind.AFTER, None),
    "what was next": (Kind.AFTER, None),
    "what came after": (Kind.AFTER, None),
    "what came before": (Kind.BEFORE, None),
    "meanwhile": (Kind.WITH, None),
    "at the same time": (Kind.WITH, None),
    "what else at the same time": (Kind.WITH, None),
}


def follow_up(
    text: str, previous: ParsedQuestion, answered: str | None = None
) -> ParsedQuestion | None:
    """Read a follow-up of `previous`; None where the text stands on its own. Never raises.

    `answered`: the label that the previous answer named. "That" means it where the previous
    question was open ("what did I show you before the cup?" - "a fox" - "and before that?");
    without it such a follow-up is UNSUPPORTED.
    """
    try:
        parts = sentences(text)
    except TooLongError:
        return None
    if len(parts) != 1:
        return None
    words = respell(list(parts[0].words))
    while words and words[0] in _LEADS and len(words) > 1:
        words = words[1:]
    return _read(words, previous, answered)


def _referent(previous: ParsedQuestion, answered: str | None) -> str | None:
    if answered:
        return answered
    return previous.phrase if previous.kind not in _OPEN else None


def _read(
    words: list[str], previous: ParsedQuestion, answered: str | None
) -> ParsedQuestion | None:
    while len(words) > 1 and words[-1] in ("please", "exactly", "then", "though", ","):
        words = words[:-1]
    referent = _referent(previous, answered)
    bare = _BARE.get(" ".join(words))
    if bare:
        return _about(bare[0], bare[1], previous, referent)
    text = " ".join(words)
    if text in ("what else", "anything else", "something else", "and else", "else"):
        return unsupported(reasons.EXCLUSION)
    for lead in (["what", "about"], ["how", "about"], ["about"]):
        if words[: len(lead)] == lead and words[len(lead) :][:1] in ([c] for c in CONNECTIVES):
            words = words[len(lead) :]
    if words and words[0] in CONNECTIVES and words[0] != "when" and extract(words).words == words:
        return _hanging(words, previous, referent)
    for lead in (["what", "about"], ["how", "about"], ["about"]):
        if words[: len(lead)] == lead and len(words) > len(lead):
            return _other(words[len(lead) :], previous, answered)
    if words and words[0] in ("a", "an", "the", "any", "some") and len(words) <= 5:
        return _other(words, previous, answered)
    timed = extract(words)
    if timed.window is not None and not [w for w in timed.words if w != ","]:
        return replace(previous, window=timed.window) if previous.supported else None
    return _substituted(words, previous, referent)


def _hanging(
    words: list[str], previous: ParsedQuestion, referent: str | None
) -> ParsedQuestion | None:
    """Read "and before that?", "and after the dog?": the open question at another event."""
    whole = ["what", "happened", *words]
    parsed = _substituted(whole, previous, referent) if _pointer(words) is not None else None
    parsed = parsed or parse_words(whole, True)
    if parsed.supported and previous.kind in _OPEN:
        return replace(parsed, modality=previous.modality)
    return parsed


def _about(
    kind: Kind, order: Order | None, previous: ParsedQuestion, referent: str | None
) -> ParsedQuestion:
    if referent is None:
        return unsupported(reasons.REFERENCE)
    if kind in (Kind.BEFORE, Kind.AFTER, Kind.WITH):
        known = previous.modality
        return ParsedQuestion(kind, referent, anchor_modality=known)
    return ParsedQuestion(kind, referent, previous.modality, order=order)


def _other(
    words: list[str], previous: ParsedQuestion, answered: str | None
) -> ParsedQuestion | None:
    """The same question about another thing or time: "what about the dog?"."""
    timed = extract(words)
    if any(w in AUX or (w,) in PERCEPTION or w in CONNECTIVES for w in timed.words):
        return None
    window = timed.window or previous.window
    if not timed.words:
        return replace(previous, window=window) if previous.supported else None
    heard = previous.modality if previous.kind not in (Kind.BEFORE, Kind.AFTER, Kind.WITH) else None
    it = thing(timed.words)
    if it.phrase is None or timed.words[0] in _POINTING:
        return None
    if not previous.supported or previous.kind in (Kind.WHAT, Kind.FIRST, Kind.LAST):
        return ParsedQuestion(Kind.PRESENCE, it.phrase, it.modality, window=window)
    if previous.kind in (Kind.BEFORE, Kind.AFTER, Kind.WITH):
        anchored = it.modality or previous.anchor_modality
        return replace(previous, phrase=it.phrase, anchor_modality=anchored, window=window)
    return replace(previous, phrase=it.phrase, modality=it.modality or heard, window=window)


def _substituted(
    words: list[str], previous: ParsedQuestion, referent: str | None
) -> ParsedQuestion | None:
    """Put the thing meant in place of "it", "that" … and parse the whole sentence."""
    at = _pointer(words)
    if at is None:
        return None
    alone = parse_words(words, True)
    if not alone.supported and alone.reason != reasons.REFERENCE:
        return alone  # "was it loud?" stays unsupported, for its own reason
    if referent is None:
        return unsupported(reasons.REFERENCE)
    parsed = parse_words([*words[:at], "the", *referent.split(), *words[at + 1 :]], True)
    if parsed.kind in (Kind.BEFORE, Kind.AFTER, Kind.WITH):
        if parsed.anchor_modality is None:
            return replace(parsed, anchor_modality=previous.modality)
        return parsed
    if parsed.phrase == referent and parsed.modality is None:
        return replace(parsed, modality=previous.modality)
    return parsed


def _pointer(words: list[str]) -> int | None:
    for i in range(len(words) - 1, -1, -1):
        if words[i] not in _POINTING:
            continue
        following = words[i + 1] if i + 1 < len(words) else ""
        if words[i] in ("that", "this", "one", "those", "her") and following not in (
            "",
            ",",
            "happen",
            "was",
            "is",
            "did",
            "appear",
            "start",
            "stop",
            "last",
            "in",
            "at",
            "again",
            "too",
            "before",
            "after",
            "what",
            "did",
            "happened",
            "there",
            "on",
        ):
            continue
        if words[i - 1 : i] in (["is"], ["was"]) and i == 2 and words[0] == "what":
            return None  # "what was that?" asks for what is there now
        return i
    return None
