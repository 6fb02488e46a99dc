"""Measure how often what is there is found, and write `found_rates.json`.

Pictures: the clips of part "fit" of `found_clips.py`. Asked for by the phrase that names it, a
thing counts as found where a slot that meets its showing passes presence 1/2. Wider phrases, as
"bird", are measured in the same way by every thing that is one. Sounds: the tagger's card, whose
column "p > .5" is the share of single half seconds of recordings that its head had never heard; an
event of several half seconds is found more often than that, so these rates are careful ones. How
examples become rates: `ttm_lab/evaluation/found_rates.py`. Prints the best `ODDS_AT_EVEN` of
`ttm_model/labels/found.py` as well.

    python model/tools/found_rates.py --clips fit.safetensors [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from math import log
from pathlib import Path
from typing import Any

import torch

from ttm_lab.evaluation.found_rates import Example, Fit, fit
from ttm_lab.evaluation.not_seen import PRESENT_P, WIDE, denials, memories, named
from ttm_lab.evaluation.seen_clips import SeenClip, load_clips
from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.spaces import PICTURES, TextSpace
from ttm_model.labels.picture_keys import load_picture_keys
from ttm_model.labels.plain import DATA
from ttm_model.labels.space import load_space
from ttm_model.tagger.classes import TAGGER_CLASSES, kind_groups

CARD = Path(__file__).parents[1] / "ttm_model" / "checkpoints" / "sound_tagger.md"
WIDEST = 0.62  # share of all classes above which a kind says nothing
TRIED_ODDS = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0)
CAREFUL = 0.1  # quantile of the measured rates that stands for what was not measured


def picture_examples(space: TextSpace, clips: list[SeenClip], wide: bool) -> list[Example]:
    """Shares by thing, asked for by its own phrase, or by every wider phrase that it answers to."""
    seen: dict[tuple[str, frozenset[int]], list[float]] = defaultdict(list)
    kinds = [(phrase, named(space, phrase)) for phrase in WIDE]
    for memory in memories(space, clips):
        for thing in memory.clip.shown:
            own = named(space, thing.phrase)
            phrases = [(p, k) for p, k in kinds if own < k] if wide else [(thing.phrase, own)]
            for phrase, classes in phrases:
                found = memory.best_p(space, phrase, thing) >= PRESENT_P
                seen[thing.source, classes].append(float(found))
    return [Example(classes, sum(s) / len(s)) for (_, classes), s in seen.items()]


def pictures(space: TextSpace, clips: list[SeenClip]) -> dict[str, Any]:
    """The rates of all classes by their own names, and of the phrases measured for several."""
    data = json.loads((DATA / "imagenet.json").read_text("utf-8"))
    most = WIDEST * len(space.names)
    kinds = [frozenset(g["classes"]) for g in data["groups"] if 1 < len(g["classes"]) < most]
    narrow = fit(picture_examples(space, clips, wide=False), kinds)
    wide = fit(picture_examples(space, clips, wide=True), [])
    print(f"pictures: {said(narrow)}; wide phrases: {said(wide)}")
    phrases = {thing.phrase for clip in clips for thing in clip.shown}
    several = {
        phrase: (wide if phrase in WIDE else narrow).rate(named(space, phrase))
        for phrase in sorted(phrases | set(WIDE))
        if len(named(space, phrase)) > 1
    }
    classes = {name: narrow.rate(frozenset({c})) for c, name in enumerate(space.names)}
    return section(classes, several)


def sounds() -> dict[str, Any]:
    """The rates of the tagger's classes from its card."""
    at = {sound.name: c for c, sound in enumerate(TAGGER_CLASSES)}
    examples = []
    for line in CARD.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 9 and cells[0] in at and re.fullmatch(r"[\d.]+", cells[6]):
            one = Example(frozenset({at[cells[0]]}), float(cells[6]))
            examples += [one] * int(cells[2])
    fitted = fit(examples, [frozenset(group["classes"]) for group in kind_groups()])
    print(f"sounds: {said(fitted)}")
    return section({name: fitted.rate(frozenset({c})) for name, c in at.items()}, {})


def section(classes: dict[str, float], kinds: dict[str, float]) -> dict[str, Any]:
    """One sense's part of the file."""
    ordered = sorted(classes.values())
    return {
        "unmeasured": round(ordered[int(CAREFUL * len(ordered))], 3),
        "classes": {name: round(rate, 3) for name, rate in classes.items()},
        "kinds": {phrase: round(rate, 3) for phrase, rate in kinds.items()},
    }


def odds_at_even(space: TextSpace, clips: list[SeenClip]) -> float:
    """The odds that make what the memories of these clips deny most likely."""
    given = denials(space, clips)

    def likelihood(odds: float) -> float:
        total = 0.0
        for one in given:
            own = one.found_rate * odds * one.best_p / (1.0 - one.best_p)
            p = 1.0 / (2.0 - one.found_rate + own)
            total += log(p if one.true else 1.0 - p)
        return total

    return max(TRIED_ODDS, key=likelihood)


def said(fitted: Fit) -> str:
    """The fit in a line."""
    return f"{len(fitted.examples)} examples, mean {fitted.mean:.3f}, strength {fitted.strength:g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=DATA / "found_rates.json")
    args = parser.parse_args()
    torch.set_num_threads(1)
    space = TextSpace(load_space("imagenet"), load_picture_keys(), TextEncoder(), PICTURES)
    clips = load_clips(args.clips)
    data = {"pictures": pictures(space, clips), "sounds": sounds()}
    args.out.write_text(json.dumps(data, ensure_ascii=False, indent=0) + "\n", "utf-8")
    fitted = TextSpace(load_space("imagenet"), load_picture_keys(), TextEncoder(), PICTURES)
    print("odds at even presence:", odds_at_even(fitted, clips))
    print(args.out, args.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
