"""Splits "... before the cup" into the question and its anchor. It names no things itself."""

from dataclasses import dataclass

from ttm_model.questions.lexicon import AUX, CONNECTIVES, PERCEPTION, UNITS
from ttm_model.questions.parsed import Kind
from ttm_model.questions.wordlist import listed

_RELATION = {"before": Kind.BEFORE, "after": Kind.AFTER, "with": Kind.WITH}
_PHRASES: dict[tuple[str, ...], str] = {
    ("prior", "to"): "before",
    ("ahead", "of"): "before",
    ("by", "the", "time"): "before",
    ("leading", "up", "to"): "before",
    ("led", "up", "to"): "before",
    ("up", "until"): "before",
    ("at", "the", "same", "time", "as"): "with",
    ("at", "the", "time", "of"): "with",
    ("at", "the", "moment"): "with",
    ("together", "with"): "with",
    ("along", "with"): "with",
    ("at", "the", "same", "moment", "as"): "with",
    ("at", "the", "same", "time", "that"): "with",
    ("went", "with"): "with",
    ("goes", "with"): "with",
    ("came", "with"): "with",
    ("come", "with"): "with",
    ("accompanied",): "with",
    ("accompanying",): "with",
    ("as", "soon", "as"): "after",
    ("right", "when"): "with",
    ("just", "as"): "with",
    ("subsequent", "to"): "after",
    ("subsequently", "to"): "after",
    ("in", "the", "wake", "of"): "after",
    ("on", "the", "heels", "of"): "after",
    ("later", "than"): "after",
    ("earlier", "than"): "before",
    ("in", "advance", "of"): "before",
    ("in", "the", "run", "up", "to"): "before",
    ("simultaneously", "with"): "with",
    ("in", "sync", "with"): "with",
    ("concurrently", "with"): "with",
    ("coinciding", "with"): "with",
    ("coincided", "with"): "with",
    ("once",): "after",
}
_VERBS = {
    "preceded": "before",
    "precedes": "before",
    "followed": "after",
    "follows": "after",
    "succeeded": "after",
    "succeeds": "after",
}
_TIGHT = frozenset(listed("right just immediately directly shortly soon straight moments only"))
_VAGUE = frozenset(listed("few couple little bit while moment"))


@dataclass(frozen=True, slots=True)
class Anchored:
    """The main words, and where the question hangs on another event its relation and words."""

    main: list[str]
    relation: Kind | None = None
    anchor: tuple[str, ...] = ()
    offset: bool = False  # an exact distance was named: "ten seconds after ..."


def _connective(words: list[str], i: int) -> tuple[str, int] | None:
    for n in (5, 4, 3, 2, 1):
        key = tuple(words[i : i + n])
        if len(key) == n and key in _PHRASES:
            return _PHRASES[key], i + n
    w = words[i]
    if w in CONNECTIVES and w not in ("afterwards",):
        if w == "as" and i + 1 < len(words) and words[i + 1] not in ("the", "a", "you", "i", "an"):
            return None
        if w == "following" and i and words[i - 1] in ("was", "were", "is", "are"):
            return None
        return CONNECTIVES[w], i + 1
    if w in _VERBS and 0 < i <= 5 and words[0] in ("what", "which"):
        return _VERBS[w], i + 1
    return None


def _front_end(words: list[str], start: int) -> int | None:
    """Where an anchor at the front stops: its comma, or the question that begins after it."""
    if "," in words[start + 1 :]:
        return words.index(",", start + 1)
    for i in range(start + 2, len(words)):
        if words[i] in ("what", "which", "how", "did", "have") or (
            words[i] in ("was", "were")
            and words[i + 1 : i + 2]
            and words[i + 1] in ("there", "anything", "anyone", "something", "i", "you", "any")
        ):
            return i
    return None


def _strip_lead(words: list[str]) -> tuple[list[str], bool]:
    """Take "right", "a few seconds", "ten seconds" off the end of the main words."""
    offset = False
    while words and words[-1] in _TIGHT:
        words = words[:-1]
    if words and words[-1] in UNITS and len(words) > 1:
        i = len(words) - 2
        if words[i] == "of":
            i -= 1
        offset = words[i] not in _VAGUE
        while i > 0 and words[i - 1] in ("a", "about", "around", "some", "half", "and", "just"):
            i -= 1
        words = words[:i]
    elif words[-2:] in (["the", "moment"], ["the", "moments"], ["the", "seconds"]):
        words = words[: -3 if words[-3:-2] == ["in"] else -2]
    elif words[-2:] in (["a", "little"], ["a", "bit"], ["a", "while"], ["a", "moment"]):
        words = words[:-2]
    return words, offset


def split_anchor(words: list[str]) -> Anchored:
    """Find the event that a question hangs on, at its front or its end."""
    first = _connective(words, 0)
    lead = 0
    while first is None and lead < len(words) - 1 and words[lead] in _TIGHT:
        lead += 1
        first = _connective(words, lead)
    if first:
        end = _front_end(words, first[1])
        if end is not None:
            main = words[end + 1 :] if words[end] == "," else words[end:]
            if main and (words[0] != "when" or main[0] not in AUX or words[end] == ","):
                return Anchored(main, _RELATION[first[0]], tuple(words[first[1] : end]))
    for i in range(1, len(words)):
        found = _connective(words, i)
        if found is None:
            continue
        if words[i] == "when" and words[i - 1] == ",":
            continue
        anchor = words[found[1] :]
        if not anchor:
            continue
        main, offset = _strip_lead([w for w in words[:i] if True])
        if not main:
            continue
        if main[-1:] in ([","], ["that"], ["which"]):
            main = main[:-1]
        return Anchored(main, _RELATION[found[0]], tuple(w for w in anchor if w != ","), offset)
    return Anchored(words)


def perceives(words: list[str]) -> bool:
    """Whether a verb of perception is among the words."""
    return any((w,) in PERCEPTION for w in words)
