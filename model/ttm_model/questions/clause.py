"""One clause of a question: who perceives, by which sense, and the words of the thing itself."""
# ruff: noqa: PLR0912  (ordered rules read best as one list of early returns)

from dataclasses import dataclass

from ttm_model.questions.lexicon import ADVERBS, AUX, DETERMINERS, NEGATIONS, PERCEPTION, PRONOUNS
from ttm_model.questions.parsed import Modality
from ttm_model.questions.phrases import Thing, thing

_DO = frozenset(("did", "do", "does", "done"))
_PRESENT = frozenset(("do", "does", "is", "are", "can"))
_PERSONAL = frozenset(("you", "i", "we", "they", "he", "she"))
_PLAIN = frozenset(
    ("see", "seen", "saw", "seeing", "hear", "heard", "hearing", "notice", "noticed")
)
_AFTER_VERB = DETERMINERS | PRONOUNS | AUX | frozenset(("to", "that", "what", ","))
_LINKING = frozenset(("to", "you", "i", "we", "that"))
_STATIVE = frozenset(("see", "hear", "seeing", "hearing", "notice"))
_SUBJECTS = PRONOUNS | frozenset(("that", "which", "who"))


@dataclass(frozen=True, slots=True)
class Clause:
    """What was read off a clause; `rest` are the words of the thing, still raw."""

    rest: tuple[str, ...]
    modality: Modality | None
    perceived: bool
    negated: bool
    existential: bool
    present: bool
    clausal: bool  # subject and verb follow a "did": "the dog bark"
    personal: bool  # "you", "I" … was the subject

    def thing(self) -> Thing:
        """Name the thing of this clause."""
        return thing(list(self.rest), clausal=self.clausal, heard=self.modality)


def _perception(words: list[str], i: int, asked: bool) -> tuple[Modality | None, int] | None:
    """Read a verb of perception at i; `asked`: someone who perceives was named before it."""
    if len(words) == 1:
        return None  # "watch?"
    following = words[i + 1 : i + 2]
    adjective = following and following[0] not in _AFTER_VERB and words[i] not in _PLAIN
    if adjective and not asked and (words[i],) in PERCEPTION and len(words) == i + 2:
        return None  # "spotted salamander?"
    for n in (4, 3, 2, 1):
        key = tuple(words[i : i + n])
        if len(key) != n or key not in PERCEPTION:
            continue
        if key[0][:4] in ("play", "wave", "wavi", "wear", "wore") and not asked:
            return None
        return PERCEPTION[key], i + n
    return None


def read_clause(words: list[str]) -> Clause:
    """Strip auxiliaries, pronouns and verbs of perception off the front; the thing remains."""
    i = 0
    modality: Modality | None = None
    perceived = negated = existential = present = subject = be = do = False
    while i < len(words):
        w = words[i]
        found = _perception(words, i, subject)
        if found and perceived and words[i - 1] not in _LINKING:
            follows = words[found[1] : found[1] + 1]
            if follows and follows[0] not in _AFTER_VERB:
                break  # "did you hear spotted owls"
        if found:
            present = (
                present
                or (not negated and w in _STATIVE and bool(set(words[:i]) & _PRESENT))
                or (w in ("seeing", "hearing") and "are" in words[:i])
            )
            modality = modality or found[0]
            perceived = True
            i = found[1]
            continue
        if w in NEGATIONS:
            negated = True
        elif w in AUX:
            do = do or w in _DO
            be = be or w in ("was", "were", "is", "are", "been")
        elif w in ("there",):
            existential = existential or be or (words[i + 1 : i + 2] in AUX_WORDS)
        elif w in _SUBJECTS and not (w in ("that", "which") and not perceived and not i):
            subject = True
        elif w in ADVERBS:
            pass
        elif w in ("the", "your") and words[i + 1 : i + 2] in (["camera"], ["microphone"], ["mic"]):
            if _perception(words, i + 2, True) is None:
                break
            subject = True
            modality = "video" if words[i + 1] == "camera" else "audio"
            i += 1
        elif w == ",":
            pass
        else:
            break
        i += 1
    if words[:1] in (["is"], ["are"]) or (existential and {"is", "are"} & set(words[:i])):
        present = True
    present = present and "been" not in words[:i]
    rest = words[i:]
    for lead in (["no"], ["not"], ["never"]):
        if rest[:1] == lead:
            negated = True
    if "not" in rest or "never" in rest:
        negated = True
        rest = [w for w in rest if w not in ("not", "never")]
    clausal = do and not perceived and not existential
    personal = bool(_PERSONAL & set(words[:i]))
    return Clause(
        tuple(rest), modality, perceived, negated, existential, present, clausal, personal
    )


AUX_WORDS = tuple([w] for w in AUX)
