"""Text to plain lower-case words. It knows spelling conventions, not what words mean."""
# ruff: noqa: PLR0912  (ordered rules read best as one list of early returns)

import re
import unicodedata
from dataclasses import dataclass

from ttm_model.questions.wordlist import listed

MAX_CHARS = 4_000  # of a trimmed question; what is longer is not read
MAX_WORDS = 120
MAX_WORD_CHARS = 40

_TOKEN = re.compile(
    r"\d{1,3}(?::\d{2}){1,2}(?!\d)"  # 0:30, 1:02:03
    r"|\d{1,9}(?:\.\d{1,6})?"
    r"|[^\W\d_]+(?:'[^\W\d_]+)?"
    r"|[?!.;\n]|,|-|:|½"
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "″": '"', "“": '"'})
_DASHES = str.maketrans({"—": ",", "–": "-", "…": ".", "‒": "-", "―": ",", "−": "-", "‐": "-"})

_WHOLE = {
    "can't": "can not",
    "won't": "will not",
    "cannot": "can not",
    "let's": "let us",
    "didnt": "did not",
    "dont": "do not",
    "wasnt": "was not",
    "werent": "were not",
    "isnt": "is not",
    "havent": "have not",
    "hasnt": "has not",
    "couldnt": "could not",
    "whats": "what is",
    "wheres": "where is",
    "whos": "who is",
    "hows": "how is",
    "thats": "that is",
    "theres": "there is",
    "youve": "you have",
    "ive": "i have",
    "im": "i am",
    "wanna": "want to",
    "gonna": "going to",
    "u": "you",
    "ya": "you",
    "r": "are",
    "pls": "please",
    "plz": "please",
    "thx": "thanks",
    "teh": "the",
    "what'd": "what did",
    "how'd": "how did",
    "where'd": "where did",
    "when'd": "when did",
    "who'd": "who did",
    "½": "half",
    "didja": "did you",
    "d'you": "do you",
    "dya": "do you",
    "dunno": "do not know",
    "lemme": "let me",
    "gimme": "give me",
    "wot": "what",
    "abt": "about",
    "smth": "something",
    "sth": "something",
    "rn": "right now",
    "ur": "your",
    "y'all": "you all",
    "cos": "because",
    "whatcha": "what are you",
    "fone": "phone",
    "foto": "photo",
    "fotos": "photos",
    "vid": "video",
    "vids": "videos",
    "aint": "is not",
    "ain't": "is not",
    "shouldnt": "should not",
    "wouldnt": "would not",
    "doesnt": "does not",
    "hadnt": "had not",
    "cant": "can not",
    "kinda": "kind of",
    "favorite": "favourite",
    "o'clock": "oclock",
}
# Words written with digits, which the pattern below would take apart.
_DIGIT_WORDS = {"b4": "before", "1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth"}
_DIGIT_WORD = re.compile(r"(?<![^\W_])(?:" + "|".join(_DIGIT_WORDS) + r")(?![^\W_])")
_ABBREVIATIONS = frozenset(("st", "mr", "mrs", "ms", "dr"))
_SUFFIX = {"'ve": "have", "'ll": "will", "'re": "are", "'m": "am", "'d": "would"}
_IS_HOSTS = frozenset(listed("what when where who how which that there it he she here this"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words of one sentence; commas stay as ",". `asked`: it ended with a question mark."""

    words: tuple[str, ...]
    asked: bool


def _expand(word: str) -> list[str]:
    if word in _WHOLE:
        return _WHOLE[word].split()
    if word.endswith("n't") and len(word) > 3:
        return [word[:-3], "not"]
    for suffix, full in _SUFFIX.items():
        if word.endswith(suffix) and len(word) > len(suffix):
            return [word[: -len(suffix)], full]
    if word.endswith("'s"):
        host = word[:-2]
        return [host, "is"] if host in _IS_HOSTS else [host]
    return [word.replace("'", "")] if word.strip("'") else []


def _is_number(word: str) -> bool:
    return bool(word) and word[0].isdigit()


class TooLongError(ValueError):
    """The text has more than MAX_CHARS characters or MAX_WORDS words."""


def sentences(text: str) -> list[Sentence]:
    """Split text into sentences of words. Linear in its length; raises TooLongError."""
    text = text.strip()
    if len(text) > MAX_CHARS:
        raise TooLongError
    text = unicodedata.normalize("NFKC", text.translate(_QUOTES).translate(_DASHES)).casefold()
    text = _DIGIT_WORD.sub(lambda found: _DIGIT_WORDS[found.group()], text.translate(_QUOTES))
    out: list[Sentence] = []
    words: list[str] = []
    total = 0
    glued = -1  # where the last piece ended, to see hyphens inside words
    for match in _TOKEN.finditer(text):
        piece = match.group()
        follows = match.start() == glued
        glued = match.end()
        if piece == "." and words and words[-1] in _ABBREVIATIONS:
            continue
        if piece in "?!.;\n":
            if words:
                out.append(Sentence(tuple(words), piece == "?"))
                words = []
            elif out and piece == "?":
                out[-1] = Sentence(out[-1].words, True)
            continue
        if piece == ":":
            piece = ","
        if piece == "-":
            inside = follows and text[glued : glued + 1].isalnum()
            if inside and words and _is_number(words[-1]) and text[glued].isdigit():
                words.append("to")  # "0:30-1:10"
            elif inside and words and (len(words[-1]) == 1 or not text[glued + 1 : glued + 2]):
                words[-1] += "-"  # "t-shirt"
            elif not inside:
                words.append(",")
            continue
        if words and words[-1].endswith("-") and follows:
            words[-1] = (words[-1] + piece)[:MAX_WORD_CHARS]
            continue
        for part in _expand(piece):
            words.append(part[:MAX_WORD_CHARS])
            total += 1
        if total > MAX_WORDS:
            raise TooLongError
    if words:
        out.append(Sentence(tuple(words), False))
    return out
