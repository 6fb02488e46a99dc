"""Writes the sound tagger's model card from the cache's manifest and the report of `sound_eval.py`.

    python model/tools/sound_card.py --cache DIR --out FILE

Numbers come from the report; sentences about them are kept in `sound_card.txt` beside this file.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

from sound_sources import FONTS, PACKAGES
from sound_synth import SYNTHETIC

SHOWN = 40  # files of one class and package that are listed by name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    items = json.loads((args.cache / "manifest.json").read_text())
    report = (args.cache / "report.txt").read_text().splitlines()
    compared = (args.cache / "compare.txt").read_text().splitlines()
    first = next(k for k, line in enumerate(report) if line.startswith("|"))
    table = [line for line in report if line.startswith("|")]
    numbers = report[:first]
    by_package: dict[str, int] = defaultdict(int)
    listed: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        by_package[item["package"]] += 1
        rendered = item["package"] in FONTS
        name = "programs of the sound font" if rendered else "/".join(Path(item["path"]).parts[-2:])
        if name not in listed[item["label"]][item["package"]]:
            listed[item["label"]][item["package"]].append(name)
    text = Path(__file__).with_name("sound_card.txt").read_text()
    parts = [
        text.format(
            sounds=len(items),
            minutes=round(sum(i["seconds"] for i in items) / 60),
            packages=len(by_package),
            synthetic=", ".join(SYNTHETIC),
            numbers="\n".join(f"- {line.strip()}" for line in numbers),
            compared="\n".join(f"- {line}" for line in compared),
            table="\n".join(table),
        ),
        "## Packages\n\n| Debian 12 package | sounds used | licence of the sounds |\n|---|---|---|",
        *(f"| {p} | {n} | {PACKAGES[p]} |" for p, n in sorted(by_package.items())),
        "\n## Files\n",
    ]
    for label, packages in listed.items():
        row = []
        for package, names in packages.items():
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            row.append(f"{package}: {', '.join(names[:SHOWN])}{more}")
        parts.append(f"- **{label}**: {'; '.join(row)}")
    args.out.write_text("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
