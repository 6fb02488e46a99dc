"""Sentences of answers in one language, from its data. Knows no memory and no kinds of question.

`answers.toml` of a language holds the sentences, by section and name, with slots in braces:
`{saw}` and `{seen}` are the sense's verbs, `{a}`, `{the}`, `{to}` and `{bare}` the thing's name as
an object, with its article, after a preposition, and alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import copy
from functools import cache
from typing import Any

from ttm_model.labels.words import with_article
from ttm_model.looks import COLOURS
from ttm_model.questions.data import load
from ttm_model.questions.literal import PICTURE
from ttm_model.questions.question import Modality

# Names that were taught may begin with a word that no article goes before.
OWNED = re.compile(r"(?:my|your|our|his|her|the|mein\w*|dein\w*|unser\w*) |\S+'s ", re.IGNORECASE)


class Speech:
    """One language's sentences."""

    def __init__(self, language: str) -> None:
        self._data = load(language, "answers")
        self._times: dict[str, Any] = self._data["times"]
        self._nouns = load(language, "nouns")
        self._refusals: dict[str, str] = load(language, "refusals")["reasons"]
        self._given: dict[str, str] = {}

    def calling(self, names: Iterable[str]) -> Speech:
        """The same sentences where these names were given: "Rex", not "a rex"."""
        own = copy(self)
        proper = (name for name in names if name[:1].isupper() and not OWNED.match(name))
        own._given = {name.casefold(): name for name in proper}
        return own

    def refusal(self, reason: str) -> str:
        """The sentence for a reason why a question has no answer."""
        return str(self._refusals[reason])

    def say(
        self,
        section: str,
        name: str,
        *,
        thing: str | None = None,
        modality: Modality | None = None,
        **slots: Any,
    ) -> str:
        """A sentence about a thing (its English name) that was seen or heard."""
        verbs = self._data["verbs"][modality or "any"]
        filled = {"saw": verbs[0], "seen": verbs[1], "seemed": verbs[2], **slots}
        if thing is not None:
            filled |= {form: self.named(thing, form) for form in ("a", "the", "to", "bare")}
        return str(self._data[section][name]).format(**filled)

    def words(self, section: str) -> dict[str, str]:
        """Words of a section by name; empty where the language calls them as English does."""
        return dict(self._data.get(section, {}))

    # --- things -----------------------------------------------------------------------------------

    def named(self, thing: str, form: str = "a") -> str:
        """A thing's name: `a` as an object ("a cat"), `the`, `to` after a preposition, `bare`."""
        special = self._special(thing, form)
        if special is not None:
            return special
        articles = self._data.get("articles")
        if articles is None:
            return {"a": with_article(thing), "bare": thing}.get(form) or f"the {thing}"
        bare = thing.lower().removeprefix("a ").removeprefix("an ").removeprefix("the ")
        noun = self._nouns.get(thing.lower()) or self._nouns.get(bare)
        if noun is None:
            return str(self._data["words"]["foreign"]).format(thing)
        case = {"a": "a", "to": "d"}.get(form, "s")
        word = noun.get(case, noun["s"])
        if form == "bare" or (form == "a" and noun["g"] != "pl" and "p" not in noun):
            return str(word)  # "Musik": what cannot be counted has no article
        if form == "to" and noun["g"] == "pl" and not word.endswith(("n", "s")):
            word += articles["plural_ending"]
        article = articles[form][noun["g"]]
        return f"{article} {word}".strip()

    def _special(self, thing: str, form: str) -> str | None:
        """The name of what is in a colour, of the picture's thing, of words, of a thing of mine."""
        colour, _, plain = thing.partition(" ")
        words = self._data["words"]
        coloured = words.get("coloured") or (plain == "person" and words["clothed"])
        if colour in COLOURS and coloured:
            name = words["something"] if plain == "thing" else self.named(plain, form)
            return str(coloured).format(name=name, colour=self.words("colours").get(colour, colour))
        if thing == PICTURE:
            return str(words["pictured"])
        given = self._given.get(thing.casefold())
        if given:
            return str(words["called"]).format(given)
        return thing if thing.startswith('"') or OWNED.match(thing) else None

    def listed(self, items: Sequence[str]) -> str:
        """'a, b and c'."""
        if len(items) <= 1:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self._data['words']['and']} {items[-1]}"

    # --- times ------------------------------------------------------------------------------------

    def _amount(self, value: float, unit: str) -> str:
        one, many = (str(form) for form in self._times[unit])
        text = f"{value:g}".replace(".", self._times["decimal"])
        return one if value == 1 else many.format(text)

    def ago(self, seconds: float) -> str:
        """How long ago, no more exactly than a listener cares: 'about 2 minutes ago'."""
        if seconds < 1.0:
            return str(self._times["just_now"])
        if seconds < 20:
            return str(self._times["ago"]).format(self._amount(round(seconds), "seconds_ago"))
        minutes = seconds / 60
        if seconds < 100:
            amount = self._amount(5 * round(seconds / 5), "seconds_ago")
        elif minutes < 9.75:
            amount = self._amount(round(minutes * 2) / 2, "minutes_ago")
        elif minutes < 90:
            amount = self._amount(round(minutes), "minutes_ago")
        else:
            amount = self._amount(round(minutes / 60, 1), "hours_ago")
        return str(self._times["about_ago"]).format(amount)

    def span(self, start_s: float, end_s: float) -> str:
        """'at 0:31' or 'from 0:31 to 0:36'."""
        if clock(start_s) == clock(end_s) or end_s - start_s < 1.0:
            return str(self._times["at"]).format(clock(start_s))
        return str(self._times["from_to"]).format(clock(start_s), clock(end_s))

    def times(self, count: int) -> str:
        """'once', 'twice', 'three times', '12 times'."""
        words = self._times["counts"]
        return str(words[count]) if count < len(words) else str(self._times["many"]).format(count)

    def nth(self, number: int) -> str:
        """'third', 'last but one'."""
        words = self._times["nths"] if number > 0 else self._times["nths_from_end"]
        at = abs(number) - 1
        return str(words[at]) if at < len(words) else str(self._times["nth"]).format(number)

    def duration(self, seconds: float) -> str:
        """'4 seconds', '2.5 minutes'."""
        if seconds < 90:
            return self._amount(max(1, round(seconds)), "seconds")
        return self._amount(round(seconds / 60, 1), "minutes")


def clock(seconds: float) -> str:
    """A media time: 75.2 -> '1:15'."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@cache
def speech(language: str) -> Speech:
    """The sentences of a language."""
    return Speech(language)
