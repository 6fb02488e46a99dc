"""How large a fleet has to be for so many sessions, and what breaks first.

    python tools/sizing.py                   writes docs/sizing.md
    python tools/sizing.py --sizes 500 --out -   prints it for other sizes

Needs no server and no GPU. The same seed and figures give the same page.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fleet_sizing import day, figures, page, plan, troubles

HERE = Path(__file__).resolve().parent
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
PAGE = HERE.parent / "docs" / "sizing.md"


def sized(config: Path, sizes: Sequence[int], seed: int) -> str:
    """The page for these numbers of sessions."""
    given, told = figures.read(config)
    found = []
    for size in sizes:
        peak = plan.plan(given, day.simulate(given, size, np.random.default_rng(seed)))
        late = troubles.simulate(given, peak.workers, peak.day.live, seed)
        found.append((peak, late))
    return page.page(given, told, found, seed)


def main(words: Sequence[str] | None = None) -> int:
    """Write the page; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="sessions that exist")
    parser.add_argument("--config", type=Path, default=HERE / "sizing.toml")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default=str(PAGE), help="a file; -: print")
    options = parser.parse_args(words)
    text = sized(options.config, options.sizes, options.seed)
    if options.out == "-":
        sys.stdout.write(text)
    else:
        Path(options.out).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
