"""How often a sense finds what was there, and what a denial is then worth. Knows no memory.

`found_rates.json` is made by `model/tools/found_rates.py`, which says how the rates were measured.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ttm_model.errors import WeightsError
from ttm_model.labels.plain import DATA
from ttm_model.labels.space import LabelSpace

# Fitted on the clips of part "fit" (`model/tools/found_rates.py` prints it).
ODDS_AT_EVEN = 15.0


@dataclass(frozen=True)
class FoundRates:
    """Shares, in [0, 1], of what was there that asking for it by name finds.

    `classes`: one for each class of a space, in its order. `kinds`: where a question for several
    classes at once was measured, by these classes; others are as good as their classes on average.
    """

    classes: tuple[float, ...]
    kinds: Mapping[frozenset[int], float] = field(default_factory=dict)

    def of(self, weights: Sequence[tuple[int, float]]) -> float:
        """The rate of a phrase by its classes and their weights; 0 of none."""
        kind = frozenset(c for c, weight in weights if weight == 1.0)
        if len(kind) == len(weights) and kind in self.kinds:
            return self.kinds[kind]
        total = sum(weight for _, weight in weights)
        mass = sum(self.classes[c] * weight for c, weight in weights)
        return mass / total if total > 0.0 else 0.0


def denial(found_rate: float, best_p: float) -> float:
    """Probability that a thing was not there, given that it was not found.

    Even chances beforehand. Let r be `found_rate`, and let `best_p` be the presence of the best
    candidate, with the odds o = `ODDS_AT_EVEN` best_p / (1 - best_p) that it is what was asked for:
    presence is called even where false memories are rare, not where right and wrong are equally
    likely. A thing that was there is either missed, with 1 - r: then the best candidate is whatever
    would have been there without it, and speaks for neither; or it is among what the memory holds,
    with r, and the candidate's odds are its own. So

        P(evidence | there) / P(evidence | not there) = (1 - r) + r o
        P(not there | evidence) = 1 / (1 + (1 - r) + r o)

    Without any candidate that is 1 / (2 - r): one half for a sense that finds nothing, 10/11 for
    one that finds nine of ten, and 1 only for a perfect one. Any candidate makes it less. False
    alarms do not enter: they make a denial rarer, not less true.
    """
    if best_p >= 1.0:
        return 0.0
    odds = ODDS_AT_EVEN * max(0.0, best_p) / (1.0 - best_p)
    return 1.0 / (1.0 + (1.0 - found_rate) + found_rate * odds)


def load_rates(sense: str, space: LabelSpace, folder: Path = DATA) -> FoundRates:
    """The rates of "pictures" or "sounds", laid out for a space of theirs.

    A class that the file has not gets its value for what was not measured. Raises `WeightsError`
    naming the file.
    """
    path = folder / "found_rates.json"
    try:
        data = json.loads(path.read_text("utf-8"))[sense]
        unmeasured = float(data["unmeasured"])
        rates = tuple(float(data["classes"].get(name, unmeasured)) for name in space.names)
        kinds = {}
        for word, rate in data["kinds"].items():
            match = space.lexicon.find(word)
            if match is not None and match.classes:
                kinds[frozenset(match.classes)] = float(rate)
    except (OSError, KeyError, ValueError) as error:
        raise WeightsError(f"{path}: {error!r}") from error
    return FoundRates(rates, kinds)
