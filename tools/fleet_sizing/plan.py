"""What a day's peak needs of everything, and which of it is used up first."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fleet_sizing.day import Day
from fleet_sizing.figures import Figures
from ttm_server.config import Settings
from ttm_server.store.ready import SWEEP_SESSIONS, sweepers_for
from ttm_server.worker.worker import SWEEP_EVERY_S

GBIT = 1e9 / 8
SWEEPS_PER_S = 1 / (0.75 * SWEEP_EVERY_S)  # at moments between one half of it and all
# The index, the ready set and the leases are a key each, in one shard, whatever shards there are.
HOT_CALLS_PER_WORKER_S = 2 * SWEEPS_PER_S + 1.0  # a look at each, and a claim that waits a second


@dataclass(frozen=True, slots=True)
class Plan:
    """A fleet for one day's peak."""

    day: Day
    cores: int
    workers: int
    gpus: int
    gateways: int
    gateway_mb: float
    shards: int
    shards_for: str  # what asks for so many
    store_gb: float
    untiered_gb: float
    store_gbit: float
    in_gbit: float
    moves_at_once: float
    looks_share: float  # of the store's work: sweeps
    used: dict[str, float]  # of each limit; above 1 it does not hold


def plan(figures: Figures, day: Day) -> Plan:
    """What it takes, at the load that the figures want."""
    cores = day.live * figures.fold_core_s / figures.target_load
    workers = max(1, math.ceil(cores / figures.worker_cores))
    gateways = max(1, math.ceil(day.live * figures.gateway_cpu_s / figures.target_load))
    looks = _sweepers(day, workers) * min(SWEEP_SESSIONS, day.sessions) * SWEEPS_PER_S
    looks_cpu = looks * figures.look_s
    store_cpu = day.live * figures.store_cpu_s + looks_cpu
    store_gb = _gigabytes(figures, day, day.idle_in_store)
    untiered_gb = _gigabytes(figures, day, day.idle)
    way = day.live * max(figures.store_in_bytes, figures.store_out_bytes) / GBIT
    needs = {
        "its thread": store_cpu / figures.shard_load,
        "memory": store_gb / figures.shard_gb,
        "the network": way / figures.shard_gbit,
    }
    shards_for = max(needs, key=lambda name: needs[name])
    shards = max(1, math.ceil(needs[shards_for]))
    return Plan(
        day=day,
        cores=math.ceil(cores),
        workers=workers,
        gpus=max(1, math.ceil(day.live / figures.gpu_sessions / figures.target_load)),
        gateways=gateways,
        gateway_mb=figures.gateway_mb + figures.gateway_stream_mb * day.live / gateways,
        shards=shards,
        shards_for=shards_for,
        store_gb=store_gb,
        untiered_gb=untiered_gb,
        store_gbit=day.live * (figures.store_in_bytes + figures.store_out_bytes) / GBIT,
        in_gbit=day.live * figures.media_bytes_per_s / GBIT,
        moves_at_once=day.moves_per_s * figures.tier_move_s,
        looks_share=looks_cpu / store_cpu,
        used=_used(figures, day, workers, store_cpu, store_gb, untiered_gb, way),
    )


def _sweepers(day: Day, workers: int) -> float:
    """Workers that sweep, each as often as one by itself; more share what these do."""
    return min(workers, sweepers_for(day.sessions))


def _gigabytes(figures: Figures, day: Day, idle_in_store: float) -> float:
    """Data of the store: live sessions with their input, idle ones, and records of the others."""
    live = day.live * (figures.packed_bytes + figures.kept_bytes)
    idle = idle_in_store * (figures.packed_bytes + figures.without_end * figures.kept_bytes)
    records = day.sessions * (figures.record_bytes + figures.index_bytes)
    return (live + idle + records) / 1e9


def _used(
    figures: Figures,
    day: Day,
    workers: int,
    store_cpu: float,
    store_gb: float,
    untiered_gb: float,
    way: float,
) -> dict[str, float]:
    """Of each limit, how much is used where nothing but numbers of processes is changed."""
    settings = Settings.model_fields
    hot = workers * HOT_CALLS_PER_WORKER_S + 2 * day.begins_per_s
    round_s = day.sessions / SWEEP_SESSIONS / SWEEPS_PER_S / _sweepers(day, workers)
    return {
        "`TTM_MAX_SESSIONS`, by default": day.sessions / settings["max_sessions"].default,
        "one host of 16 cores for workers": day.live * figures.fold_core_s / 16,
        "one gateway process": day.live * figures.gateway_cpu_s,
        "one shard: its thread": store_cpu,
        "one shard: memory, nothing moved out": untiered_gb / figures.shard_gb,
        "one shard: memory, idle sessions moved out": store_gb / figures.shard_gb,
        "one shard: the network": way / figures.shard_gbit,
        "the keys of all sessions: calls of their one shard": hot / figures.hot_key_calls,
        "the sweep: a minute for a lost hint": round_s / 60,
    }
