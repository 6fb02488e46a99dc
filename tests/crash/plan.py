"""Which faults, when and on whom: a pure function of a seed. Knows no process."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

FaultKind = Literal[
    "kill_worker",  # SIGKILL
    "kill_gateway",
    "kill_server",  # and a restart from what it wrote
    "drain_worker",  # SIGTERM
    "drain_gateway",
    "pause_worker",  # SIGSTOP beyond the lease, then SIGCONT
    "hold_commit",  # SIGSTOP right before a commit, then SIGCONT
    "cut",  # a connection ends in the middle of a message
    "stall",  # a connection hangs, then ends
    "restart_client",
    "duplicate",  # a second connection for one session
    "end",  # a client says that its stream ends, and takes it up again
    "replace",  # another memory is put in place of a session's
    "export",  # a look at the memory and a fork
    "ask",  # a question
]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)

# Faults a second for three workers, two gateways and a dozen sessions.
RATES_PER_S: Mapping[FaultKind, float] = {
    "kill_worker": 0.56,
    "kill_gateway": 0.04,
    "kill_server": 0.04,
    "drain_worker": 0.02,
    "drain_gateway": 0.01,
    "pause_worker": 0.04,
    "hold_commit": 0.1,
    "cut": 0.5,
    "stall": 0.1,
    "restart_client": 0.15,
    "duplicate": 0.15,
    "end": 0.3,
    "replace": 0.1,
    "export": 0.5,
    "ask": 0.3,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: due `at_s` after the start, on member or session number `target`.

    `size` in 0..1 is how long a pause lasts, between its bounds.
    """

    at_s: float
    kind: FaultKind
    target: int
    size: float


def make_plan(seed: int, seconds: float, least: Mapping[FaultKind, int]) -> list[Fault]:
    """Faults over `seconds` in order of time: by their rates, and never fewer than `least`."""
    rng = random.Random(f"plan/{seed}")
    plan = []
    for kind in KINDS:
        count = max(round(RATES_PER_S[kind] * seconds), least.get(kind, 0))
        plan += [
            Fault(rng.uniform(0.0, seconds), kind, rng.randrange(1 << 30), rng.random())
            for _ in range(count)
        ]
    return sorted(plan, key=lambda fault: fault.at_s)
