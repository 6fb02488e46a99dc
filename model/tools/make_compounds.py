"""Make `compounds.txt`: nouns of several words that are not what their last word names.

A prairie dog is no dog, a sea horse no horse: WordNet puts such a compound under none of the senses
of its head. Listed are those whose head the picture space knows well enough to answer for, so that
`Lexicon` does not. Needs Debian's `wordnet-base` (WordNet 3.0).

    python model/tools/make_compounds.py [--wordnet DIR] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
from functools import cache
from pathlib import Path

from make_picture_labels import DATA, ancestors, read_wordnet

from ttm_model.labels.lexicon import Lexicon
from ttm_model.labels.words import normalise

KNOWN = 0.3  # below this the reader does not answer for the head either
# WordNet has no such compound, or takes it for what its last word names.
BY_HAND = [
    *("fish tank", "gas tank", "finger nail", "toe nail", "eye glass", "paper plane"),
    *("tumble dryer", "clothes dryer", "spin dryer", "tooth brush", "hair brush", "steering wheel"),
    *("football match", "tennis match", "soccer match", "boxing match", "wrestling match"),
]


def compounds(wordnet: Path) -> list[str]:
    """Every misleading compound, in the form of `Lexicon`'s keys with their spaces kept."""
    synsets, senses, _ = read_wordnet(wordnet)
    data = json.loads((DATA / "imagenet.json").read_text("utf-8"))
    lexicon = Lexicon(data["classes"], data["groups"], data["plurals"])

    @cache
    def above(offset: str) -> frozenset[str]:
        return frozenset(ancestors(synsets, offset))

    found = {" ".join(normalise(phrase)) for phrase in BY_HAND}
    for lemma, offsets in senses.items():
        words = normalise(lemma)
        if len(words) < 2 or lexicon.exact(words):
            continue
        match = lexicon.find(lemma)
        if match is None or match.knows < KNOWN:
            continue
        head = set(senses.get(match.words, ()))
        if not any(above(offset) & head for offset in offsets):
            found.add(" ".join(words))
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--out", type=Path, default=DATA / "compounds.txt")
    args = parser.parse_args()
    lines = compounds(args.wordnet)
    args.out.write_text("\n".join(lines) + "\n", "utf-8")
    print(args.out, len(lines), "compounds")


if __name__ == "__main__":
    main()
