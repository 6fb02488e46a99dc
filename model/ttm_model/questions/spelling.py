"""Repairs typing slips in function words, verbs and words of sound. It knows no other things.

A thing asked about may have any name, so that no rule touches it; only two shapes that are no
English word, of words for sounds, are read as what they nearly are: "barkd", "brak", "bel".
"""
# ruff: noqa: PLR0912  (ordered rules read best as one chain)

from ttm_model.questions.lexicon import (
    ADVERBS,
    AUX,
    CONNECTIVES,
    DETERMINERS,
    NEVER_RESPELL,
    PERCEIVE_WORDS,
    PRONOUNS,
    SPELLING_VOCABULARY,
    UNITS,
    WH,
)
from ttm_model.questions.real_words import REAL_WORDS
from ttm_model.questions.sounds import INSTRUMENTS, SELF_SOUNDING, SOUND_NOUNS, SOUND_VERBS
from ttm_model.questions.wordlist import listed

_SHORT = {
    "hte": "the",
    "herd": "heard",
    "tha": "the",
    "yuo": "you",
    "yo": "you",
    "yu": "you",
    "oyu": "you",
    "ddi": "did",
    "dd": "did",
    "di": "did",
    "dide": "did",
    "se": "see",
    "ese": "see",
    "wat": "what",
    "wht": "what",
    "wut": "what",
    "hat": "what",
    "wen": "when",
    "whn": "when",
    "hw": "how",
    "wsa": "was",
    "wass": "was",
    "ws": "was",
    "mnay": "many",
    "adn": "and",
    "thre": "there",
    "ther": "there",
    "hav": "have",
    "hve": "have",
    "agao": "ago",
}
_ALSO_REAL = {"herd", "hat", "di", "tha"}
_LONG_CONNECTIVES = tuple(w for w in CONNECTIVES if len(w) >= 5)


# Real words (and names) that are one of those shapes of another.
_REAL = frozenset(
    listed(
        "bas beta betas beast hot hots his tot tots toto sign signs snog snogs mona monas pur purs "
        "salm salms gaps clasp clasps crowd crise taped toted boing goran cher chers crate bets "
        "signing braking trial cruse tuna taps brads casual"
    )
)


def _sound_slips() -> dict[str, str]:
    """Swapped neighbours, a lost twin at the end and a lost "e" of the words for sounds."""
    known = SOUND_VERBS.keys() | SELF_SOUNDING | SOUND_NOUNS | INSTRUMENTS
    slips: dict[str, str] = {}
    for word in sorted(w for w in known if len(w) >= 4):
        shapes = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 1)}
        if word[-1] == word[-2]:
            shapes.add(word[:-1])
        if word.endswith("ed") and word[-3] not in "aeiou":
            shapes.add(word[:-2] + "d")
        for shape in shapes - known - _REAL - NEVER_RESPELL - SPELLING_VOCABULARY:
            slips.setdefault(shape, word)
    return slips


_SOUND_SLIPS = _sound_slips()


def distance(a: str, b: str, limit: int) -> int:
    """Edit distance with swaps of neighbours, at most `limit` + 1 (Damerau's restricted form)."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, ca in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, cb in enumerate(b, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (ca != cb))
            if i > 1 and j > 1 and ca == b[j - 2] and a[i - 2] == cb:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def _nearest(word: str, vocabulary: tuple[str, ...]) -> str | None:
    if len(word) < 4 or word in NEVER_RESPELL or word in REAL_WORDS:
        return None
    limit = 2 if len(word) >= 8 else 1
    best, found = limit + 1, None
    for known in vocabulary:
        same_start = known[0] == word[0] or (known[0] == word[1] and known[1:2] == word[0])
        if len(known) < 3 or not same_start:
            continue
        d = distance(word, known, limit)
        if d < best:
            best, found = d, known
    return found


_UNITS = tuple(u for u in UNITS if len(u) > 3)
_AMOUNTS = frozenset(("few", "couple", "last", "past", "first", "half"))


_FRAME = (
    AUX | PRONOUNS | WH | CONNECTIVES.keys() | DETERMINERS | {"happened", "many", "times", "seen"}
) | {"heard", "long", "often", "ago", "last", "first", "please"}


def respell(words: list[str]) -> list[str]:
    """Correct slips in the frame of a question, word by word.

    A word counts as part of the thing asked about, and is left alone, after a determiner or
    directly after a verb of seeing and hearing; there only a connective before a determiner
    ("a cat befor the dog") and a unit after a number are corrected.
    """
    if len(words) <= 4 and not _FRAME & set(words) and not set(_SHORT) & set(words):
        return list(words)  # a bare name: "sewing machine?"
    out: list[str] = []
    in_phrase = False
    for i, word in enumerate(words):
        previous = out[-1] if out else ""
        following = words[i + 1] if i + 1 < len(words) else ""
        fixed = word
        if word not in SPELLING_VOCABULARY and not word[0].isdigit() and len(words) > 1:
            if word in _SOUND_SLIPS:
                fixed = _SOUND_SLIPS[word]
            elif previous and (previous[0].isdigit() or previous in _AMOUNTS):
                fixed = _nearest(word, _UNITS) or word
            elif in_phrase:
                if previous not in DETERMINERS and following in DETERMINERS | PRONOUNS:
                    fixed = _nearest(word, _LONG_CONNECTIVES) or word
            elif word == "hwo":
                fixed = "how" if following[:2] in {"ma", "mn", "of", "lo", "lng"} else "who"
            elif word == "c" and previous == "you":
                fixed = "see"
            elif word in _SHORT:
                framed = word not in _ALSO_REAL or (i == 0 and following in AUX)
                framed = framed or (word == "herd" and previous in PRONOUNS)
                fixed = _SHORT[word] if framed and following else word
            else:
                fixed = _nearest(word, SPELLING_VOCABULARY_SORTED) or word
        out.append(fixed)
        if fixed in DETERMINERS or fixed in PERCEIVE_WORDS:
            in_phrase = True
        elif (
            fixed in AUX
            or fixed in PRONOUNS
            or fixed in CONNECTIVES
            or fixed in ADVERBS
            or fixed == ","
        ):
            in_phrase = False
    return out


SPELLING_VOCABULARY_SORTED = tuple(sorted(SPELLING_VOCABULARY))
