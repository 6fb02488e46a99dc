"""A small grammar of openings that ask when, how often or how long. Knows no things."""

import re

from ttm_model.questions.lexicon import UNITS
from ttm_model.questions.parsed import Kind

_UNIT = "|".join(sorted((u for u in UNITS if len(u) > 1), key=len, reverse=True))
_MEDIA = (
    r"(?: (?:in|into|of|through|on|along) (?:the |this |your |our )?(?:video|recording|stream"
    r"|session|clip|footage|timeline|tape|it))?"
)
_ROUGH = (
    r"(?:exactly |roughly |about |around |approximately |precisely |just |near |by |at |in |on "
    r"|during |from |for )*"
)
_MARK = (
    r"(?:time ?stamp|time ?code|time|second|minute|moment|point|instant|position|part|stage"
    r"|occasion|juncture|mark)"
)
_EXACT = r"(?:exact |precise |approximate |rough |very )*"
_TAIL = (
    r"(?:(?: in time| exactly| roughly| approximately| or so| would you say| do you think"
    r"| do you reckon)*)"
)
_WAS_IT = r"(?: (?:was|is) it(?: (?:that|when))?(?= \w))?"
_THAT = r"(?: (?:that|when|at which|in which|on which|where))?"
_CLAUSE = r"(?= (?:the|a|an|my|your|our|i|you|we|someone|somebody|anyone|any|there|it|that|this)\b)"

_RULES: tuple[tuple[Kind, str], ...] = (
    (
        Kind.WHEN,
        rf"{_ROUGH}(?:what|which) {_EXACT}{_MARK}{_TAIL}{_MEDIA}{_WAS_IT}{_THAT}",
    ),
    (Kind.WHEN, rf"when{_TAIL}{_MEDIA}{_WAS_IT}"),
    (Kind.WHEN, rf"how (?:far|early|late|deep|soon)(?: back)?{_MEDIA}{_WAS_IT}"),
    (
        Kind.WHEN,
        rf"{_ROUGH}how (?:long|much time|recently|far back|many (?:{_UNIT}))"
        rf"(?: (?:ago|back|before now|earlier)){_TAIL}{_WAS_IT}",
    ),
    (
        Kind.WHEN,
        rf"{_ROUGH}how (?:long|much time|many (?:{_UNIT})){_TAIL}"
        r"(?: (?:has|have|is|was|had) (?:it |that )?(?:been|passed|gone by|elapsed|gone)?| it "
        r"has been"
        r"| it is| passed| elapsed| have passed| has passed)? ?(?:it )?(?:now )?since",
    ),
    (
        Kind.WHEN,
        rf"(?:what (?:was|is|were) )(?:the |a |an ){_EXACT}{_MARK}{_TAIL}(?:{_THAT}{_CLAUSE}"
        r"| of| for)",
    ),
    (
        Kind.WHEN,
        rf"(?:the |a |an )?{_EXACT}(?:time ?stamp|time ?code|time|moment|instant)"
        rf"(?: (?:when|that|at which|of|for|in which)(?= \w)|{_CLAUSE})",
    ),
    (
        Kind.COUNT,
        r"(?:what (?:was|is) |count )?(?:the |a |an )?(?:total |overall |exact |whole "
        r")*(?:(?:number"
        r"|count|tally) of (?:times|occasions|occurrences of|instances of)|(?<=total )times"
        rf"|(?<=overall )times){_THAT}",
    ),
    (
        Kind.COUNT,
        rf"(?:count )?(?:in |on )?(?:about |roughly )?how (?:many|much) (?:different |separate "
        r"|individual |distinct |total |single )*(?:times|time|occasions|instances|occurrences)"
        r"(?: (?:in total|in all|altogether|overall|exactly|all in all|of|roughly|so far|or so))*"
        rf"{_WAS_IT}{_THAT}(?! (?:ago|back|has|since|passed|longer|did it take))",
    ),
    (Kind.COUNT, r"(?:count )?how (?:often|frequently|regularly)(?: exactly| in total| or so)*"),
    (
        Kind.HOW_LONG,
        r"(?:for )?(?:about |roughly |approximately |just )*how (?:long|much time|many "
        rf"(?:{_UNIT}))"
        r"(?: (?:in total|in all|altogether|exactly|approximately|overall|for|roughly|all in all))*"
        rf"{_TAIL}",
    ),
    (
        Kind.HOW_LONG,
        r"(?:for |over |during )?(?:what|which) (?:total )?(?:length of time|amount of time"
        r"|period of time|span of time|stretch of time|duration|time span)",
    ),
    (Kind.HOW_LONG, r"(?:for )?how long a (?:time|period|while|stretch|spell)"),
    (Kind.WHEN, r"(?:what (?:was|is) )?the timing of|how long in the past"),
    (
        Kind.HOW_LONG,
        r"(?:what (?:was|is) )?the (?:total |overall |whole |exact )?(?:duration|length of time"
        r"|amount of time|running time)(?: of| for which| that)?",
    ),
)
_COMPILED = tuple((kind, re.compile(rf"(?:{rule})(?= |$)")) for kind, rule in _RULES)


def longest_opening(words: list[str]) -> tuple[Kind, int] | None:
    """Kind and number of words of the longest opening that the first words make, or None."""
    text = " ".join(words[:20])
    best: tuple[Kind, int] | None = None
    for kind, rule in _COMPILED:
        found = rule.match(text)
        if found:
            n = len(found.group().split())
            if best is None or n > best[1]:
                best = (kind, n)
    return best
