"""Texts made comparable, and the error rate between them; knows no sound.

The rule: lower case; integers are spelled out ("42": forty two); "&", "%", "#" and "*" are and,
percent, pound and star; apostrophes are dropped ("that's": thats); every other mark parts words;
"ok" is okay, "mr" mister, "dr" doctor. Nothing else is forgiven: "black list" for "blacklist" are
two errors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SIGNS = {"&": " and ", "%": " percent ", "#": " pound ", "*": " star "}
_SAME = {"ok": "okay", "mr": "mister", "mrs": "missus", "dr": "doctor"}


def spelled(number: int) -> str:
    """An integer in words; a million and more digit by digit."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        rest = f" {_ONES[number % 10]}" if number % 10 else ""
        return _TENS[number // 10 - 2] + rest
    for size, name in ((1_000, "hundred"), (1_000_000, "thousand")):
        unit = 100 if name == "hundred" else 1_000
        if number < size:
            rest = f" {spelled(number % unit)}" if number % unit else ""
            return f"{spelled(number // unit)} {name}{rest}"
    return " ".join(_ONES[int(digit)] for digit in str(number))


def comparable(text: str) -> list[str]:
    """The words of a text by the rule above."""
    text = text.lower().replace("’", "'")
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"\d+", lambda found: f" {spelled(int(found[0]))} ", text)
    text = text.replace("'", "")
    words = "".join(letter if letter.isalpha() else " " for letter in text).split()
    return [_SAME.get(word, word) for word in words]


def errors(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Words to put in, take out or replace."""
    return Levenshtein.distance(wanted, found)
