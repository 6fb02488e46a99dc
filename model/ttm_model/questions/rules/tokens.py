"""Text to plain lower-case words. It knows spelling conventions, not what words mean."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from ttm_model.questions.data import any_of, load, words
from ttm_model.questions.rules.lexicon import LANGUAGE

MAX_CHARS = 4_000  # of a trimmed question; what is longer is not read
MAX_WORDS = 120
MAX_WORD_CHARS = 40
ENDS = "?!.;\n"

_TOKEN = re.compile(
    r"\d{1,3}(?::\d{2}){1,2}(?!\d)"  # 0:30, 1:02:03
    r"|\d{1,9}(?:\.\d{1,6})?"
    r"|[^\W\d_]+(?:'[^\W\d_]+)?"
    r"|[?!.;\n]|,|-|:|½"
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "″": '"', "“": '"'})
_DASHES = str.maketrans({"—": ",", "–": "-", "…": ".", "‒": "-", "―": ",", "−": "-", "‐": "-"})

_DATA = load(LANGUAGE, "spelling")
_WHOLE: dict[str, str] = _DATA["whole"]
_SUFFIXES: dict[str, str] = _DATA["suffixes"]
# Words written with digits, which the pattern above would take apart.
_DIGIT_WORDS: dict[str, str] = _DATA["digit_words"]
_DIGIT_WORD = re.compile(r"(?<![^\W_])(?:" + any_of(_DIGIT_WORDS) + r")(?![^\W_])")
_ABBREVIATIONS = words(_DATA["abbreviations"])
_IS_HOSTS = words(_DATA["is_hosts"])


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words of one sentence; commas stay as ",". `asked`: it ended with a question mark."""

    words: tuple[str, ...]
    asked: bool


class TooLongError(ValueError):
    """The text has more than MAX_CHARS characters or MAX_WORDS words."""


def sentences(text: str) -> list[Sentence]:
    """Split text into sentences of words. Linear in its length; raises TooLongError."""
    text = folded(text)
    text = _DIGIT_WORD.sub(lambda found: _DIGIT_WORDS[found.group()], text)
    splitter = _Splitter(text)
    for match in _TOKEN.finditer(text):
        splitter.take(match.group(), match.start(), match.end())
    return splitter.finished()


def folded(text: str) -> str:
    """Trimmed text in one case, with plain quotes and dashes; raises TooLongError."""
    text = text.strip()
    if len(text) > MAX_CHARS:
        raise TooLongError
    text = unicodedata.normalize("NFKC", text.translate(_QUOTES).translate(_DASHES)).casefold()
    return text.translate(_QUOTES)


@dataclass(slots=True)
class _Splitter:
    """Puts pieces of text together to words, and words to sentences."""

    text: str
    done: list[Sentence] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    total: int = 0
    glued: int = -1  # where the last piece ended, to see hyphens inside words

    def take(self, piece: str, start: int, end: int) -> None:
        follows = start == self.glued
        self.glued = end
        if piece in ENDS:
            self._end(piece)
        elif piece == "-":
            self._hyphen(follows)
        elif piece in (",", ":"):
            self._add([","])
        elif self.words and self.words[-1].endswith("-") and follows:
            self.words[-1] = (self.words[-1] + piece)[:MAX_WORD_CHARS]
        else:
            self._add(_expand(piece))

    def finished(self) -> list[Sentence]:
        if self.words:
            self.done.append(Sentence(tuple(self.words), False))
        return self.done

    def _add(self, parts: list[str]) -> None:
        self.words += [part[:MAX_WORD_CHARS] for part in parts]
        self.total += len(parts)
        if self.total > MAX_WORDS:
            raise TooLongError

    def _end(self, piece: str) -> None:
        if piece == "." and self.words and self.words[-1] in _ABBREVIATIONS:
            return
        if self.words:
            self.done.append(Sentence(tuple(self.words), piece == "?"))
            self.words = []
        elif self.done and piece == "?":
            self.done[-1] = Sentence(self.done[-1].words, True)

    def _hyphen(self, follows: bool) -> None:
        after = self.text[self.glued : self.glued + 1]
        inside = follows and after.isalnum()
        if not inside:
            self.words.append(",")
            return
        last = self.words[-1] if self.words else ""
        if last[:1].isdigit() and after.isdigit():
            self.words.append("to")  # "0:30-1:10"
        elif len(last) == 1 or (last and not self.text[self.glued + 1 : self.glued + 2]):
            self.words[-1] += "-"  # "t-shirt"


def _expand(word: str) -> list[str]:
    if word in _WHOLE:
        return _WHOLE[word].split()
    if word.endswith("n't") and len(word) > 3:
        return [word[:-3], "not"]
    for suffix, full in _SUFFIXES.items():
        if word.endswith(suffix) and len(word) > len(suffix):
            return [word[: -len(suffix)], full]
    if word.endswith("'s"):
        host = word[:-2]
        return [host, "is"] if host in _IS_HOSTS else [host]
    return [word.replace("'", "")] if word.strip("'") else []
