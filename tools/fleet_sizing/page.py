"""The page that tells what was found. Knows numbers and words, simulates nothing."""

from __future__ import annotations

from collections.abc import Sequence

from fleet_sizing.figures import Figure, Figures
from fleet_sizing.plan import Plan
from fleet_sizing.troubles import Troubles

HEAD = """# Sizing

Written by `python tools/sizing.py` (seed {seed}); do not edit. `tools/sizing.toml` has the figures that it
starts from: change those that are yours and run it again.

A **session** here is one that exists: it is streamed to now and then, lies idle between, and is asked
something. A day of visits and questions is drawn (`tools/fleet_sizing/day.py`), and its peak is planned for.
Then cells of up to eight workers are simulated chunk by chunk with the worker's own commit policy
(`cell.py`), for how late memory is. No fleet of these sizes was ever run.
"""
AFTER_FLEET = """
Cores are those of workers with preset `lite` and every sense, at {load:.0%} load. **The GPUs are an assumption**
({gpu:g} sessions each): nothing was measured on one. A gateway is one process, a shard one Redis or Valkey master
(each needs a replica). Shards are counted for what asks for most of them. Gbit/s to the store are both ways
together, without replication.
"""
AFTER_LAG = """
No worker owns more sessions than it can fold (`TTM_MAX_LIVE_SESSIONS`, here {most}); **unbounded** is what
becomes of it without that after five minutes: who claims a session is chance, and a worker with too many keeps them while they
are streamed. Deploy: one worker in eight at a time ({start:g} s until it works again). Scale-down: one in eight goes
for good. Death: SIGKILL of one in eight, a lease of {lease:g} s. Failover: a shard takes nothing for {failover:g} s, and clients
keep their chunks; nothing is lost, it is late, for the sessions of that shard. A fleet of fewer than eight
workers is simulated as it is, and has less room while one of them is away.
"""
AFTER_IDLE = """
At the peak of each. What is kept of a session: its packed memory, and ten seconds of its input where its stream
did not say `end`; of one that was moved out after an hour without use, a record. A worker moves four at once.
"""
AFTER_FIRST = """
The share of a limit that is used at the peak, where a fleet has as many processes as it needs and all else is
as it comes; what is above 1 does not hold. Limits in words: `tools/fleet_sizing/plan.py`.
"""


def page(
    figures: Figures,
    told: dict[str, Figure],
    found: Sequence[tuple[Plan, Troubles]],
    seed: int,
) -> str:
    """The whole page, as Markdown."""
    plans = [plan for plan, _ in found]
    parts = [
        HEAD.format(seed=seed),
        "\n## The fleet\n\n" + _fleet(plans),
        AFTER_FLEET.format(load=figures.target_load, gpu=figures.gpu_sessions),
        "\n## How late memory is\n\nSeconds from a chunk's capture to committed memory.\n\n",
        _lags(found),
        AFTER_LAG.format(
            start=figures.worker_start_s,
            lease=figures.lease_s,
            failover=figures.failover_s,
            most=figures.worker_sessions,
        ),
        "\n## Idle sessions\n\n" + _idle(plans),
        "\n## What breaks first\n\n" + _firsts(plans) + AFTER_FIRST + "\n" + _used(plans),
        "\n## The figures\n\n" + _figures(told),
    ]
    return "".join(parts)


def _fleet(plans: Sequence[Plan]) -> str:
    heads = ["sessions", "live at the peak", "worker cores", "or GPUs (assumed)", "gateways"]
    heads += ["shards", "because of", "store, GB", "store, Gbit/s", "media in, Gbit/s"]
    rows = [
        [
            f"{one.day.sessions:,}",
            f"{one.day.live:,.0f}",
            f"{one.cores:,}",
            f"{one.gpus:,}",
            f"{one.gateways:,} of {one.gateway_mb:,.0f} MB",
            f"{one.shards:,}",
            one.shards_for,
            _short(one.store_gb),
            _short(one.store_gbit),
            _short(one.in_gbit),
        ]
        for one in plans
    ]
    return _table(heads, rows)


def _lags(found: Sequence[tuple[Plan, Troubles]]) -> str:
    names = ("steady", "unbounded", "deploy", "scale_down", "death", "failover")
    heads = ["sessions", "workers", "median"]
    heads += [f"{name.replace('_', '-')}: P95 (worst)" for name in names]
    rows = []
    for plan, troubles in found:
        lags = [getattr(troubles, name) for name in names]
        cells = [f"{lag.p95:.1f} ({lag.worst:.1f})" for lag in lags]
        rows.append(
            [f"{plan.day.sessions:,}", f"{plan.workers:,}", f"{lags[0].median:.1f}", *cells]
        )
    return _table(heads, rows)


def _idle(plans: Sequence[Plan]) -> str:
    heads = ["sessions", "store, GB, all kept", "store, GB, moved out", "moves/s", "at once"]
    rows = [
        [
            f"{one.day.sessions:,}",
            _short(one.untiered_gb),
            _short(one.store_gb),
            _short(one.day.moves_per_s),
            _short(one.moves_at_once),
        ]
        for one in plans
    ]
    return _table(heads, rows) + AFTER_IDLE


def _firsts(plans: Sequence[Plan]) -> str:
    lines = []
    for one in plans:
        over = sorted(
            ((share, name) for name, share in one.used.items() if share > 1), reverse=True
        )
        nearest = max((share, name) for name, share in one.used.items())
        if over:
            worst = "; then ".join(f"{name} ({share:,.1f} times)" for share, name in over)
            told = f"beyond its limit: {worst}"
        else:
            told = f"nothing; nearest is {nearest[1]} ({nearest[0]:.0%})"
        lines.append(
            f"- **{one.day.sessions:,}**: {told}. Sweeps are {one.looks_share:.0%} of the "
            "store's work.\n"
        )
    return "".join(lines)


def _used(plans: Sequence[Plan]) -> str:
    heads = ["limit", *(f"{one.day.sessions:,}" for one in plans)]
    rows = [[name, *(_short(one.used[name]) for one in plans)] for name in plans[0].used]
    return _table(heads, rows)


def _figures(told: dict[str, Figure]) -> str:
    heads = ["figure", "value", "unit", "is", "how"]
    rows = [
        [f"`{name}`", f"{one.value:,.10g}", one.unit, one.kind, one.how]
        for name, one in told.items()
    ]
    return _table(heads, rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _short(number: float) -> str:
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 1 else f"{number:.2g}"
