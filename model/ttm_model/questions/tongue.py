"""In which language a text is, as far as its words tell. Knows no grammar.

The languages that can be understood are those with a folder; which of them a text is in is told by
its function words. Only where these tell too little does an identifier of many languages look, so
that its mistakes on bare names ("tuba?") cost nothing.
"""

from __future__ import annotations

import re
from functools import cache

from py3langid import langid
from py3langid.langid import LanguageIdentifier

from ttm_model.questions.data import languages, load, words
from ttm_model.questions.vocabulary import real_words

# ISO 639-1 of what people may ask in; more of them make the identifier worse on short texts.
_IDENTIFIED = (
    "en de fr es it pt nl pl sv da no fi cs sk hu ro tr ru uk el ar he fa hi bn ja ko zh vi id th"
)
_FEWEST_WORDS = 2
_SURE = 0.3  # of a text's words are function words of a language
_FOREIGN_P = 0.4  # of the identifier, below which a text counts as a bare name
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


@cache
def _identifier() -> LanguageIdentifier:
    found = LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    found.set_languages(_IDENTIFIED.split())
    return found


@cache
def _function_words(language: str) -> frozenset[str]:
    return words(load(language, "language")["function_words"])


def _code(language: str) -> str:
    return str(load(language, "language")["code"])


def likely(text: str) -> tuple[str, ...]:
    """The languages in which to read a text, likeliest first; none: it is in another."""
    found = _WORD.findall(text.casefold())
    shares = {
        language: sum(word in _function_words(language) for word in found) / max(1, len(found))
        for language in languages()
    }
    ordered = tuple(sorted(shares, key=lambda language: -shares[language]))  # English before equals
    bare = len(found) < _FEWEST_WORDS and text.isascii()
    if shares[ordered[0]] >= _SURE:
        return tuple(language for language in ordered if shares[language] >= shares[ordered[0]])
    if not found or bare or real_words().issuperset(found):
        return ordered
    code, p = _identifier().classify(text)
    if p < _FOREIGN_P or code in {_code(language) for language in languages()}:
        return tuple(sorted(ordered, key=lambda language: _code(language) != code))
    return ()
