"""Runs a plan: folds pairs of episodes into every system's memory and asks. Writes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing import get_context
from typing import Any

import torch

from ttm_lab.evaluation.asking import Setting, ask, follow
from ttm_lab.evaluation.plan import (
    BANK_SEED,
    CANDIDATES,
    CONCEPTS,
    DIM,
    HELD_OUT_SHARE,
    SIGMA,
    Load,
    Plan,
)
from ttm_lab.evaluation.registry import OURS, SWAPPED, ZEROED, load
from ttm_lab.evaluation.rows import Row, Size
from ttm_lab.systems.slot_ttm import SlotMemory, SlotSystem, zeroed
from ttm_lab.task.episodes import make_concepts, make_episode, questions
from ttm_lab.task.interface import Concepts, Episode, MemorySystem

SWEPT = (OURS, "unlimited", "fifo")


@dataclass(slots=True)
class Results:
    """Every row and size of a run."""

    rows: list[Row] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Task:
    """One pair of episodes."""

    load: Load
    pair: int
    seed: int
    systems: tuple[str, ...]
    sweep: tuple[float, ...]


@lru_cache(maxsize=8)
def bank(sigma: float) -> tuple[Concepts, Concepts]:
    """Sights and sounds; only the text keys depend on the modality gap."""
    sights = make_concepts(CONCEPTS, DIM, sigma, HELD_OUT_SHARE, BANK_SEED)
    return sights, make_concepts(CONCEPTS, DIM, sigma, HELD_OUT_SHARE, BANK_SEED + 1)


def tasks(plan: Plan, systems: Iterable[str]) -> list[Task]:
    """Every pair of a plan, the longest first."""
    chosen = tuple(systems)
    found = [
        Task(load, pair, plan.seed, tuple(filter(load.measures, chosen)), plan.sweep)
        for load in plan.loads
        for pair in range(load.pairs)
    ]
    return sorted(found, key=lambda task: -task.load.seconds)


def run(plan: Plan, systems: Iterable[str], told: Callable[[str], None] | None = None) -> Results:
    """All rows of a plan; `told` hears of each finished pair."""
    results = Results()
    todo = tasks(plan, systems)
    for done, (task, part) in enumerate(_parts(todo, plan.workers), start=1):
        results.rows += part.rows
        results.sizes += part.sizes
        if told is not None:
            told(f"{done}/{len(todo)} pairs ({task.load.name} events)")
    return results


def _parts(todo: list[Task], workers: int) -> Iterator[tuple[Task, Results]]:
    if workers <= 1:
        yield from ((task, run_pair(task)) for task in todo)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        yield from zip(todo, executor.map(run_pair, todo), strict=True)


def episode_seed(seed: int, load: Load, number: int) -> int:
    """A seed of its own for every episode of every load and run."""
    return seed * 1_000_003 + load.events * 10_007 + round(load.seconds) * 101 + number


def run_pair(task: Task) -> Results:
    """Fold and ask two episodes; a swapped memory is the partner's."""
    torch.set_num_threads(1)
    sights, sounds = bank(SIGMA)
    numbers = (2 * task.pair, 2 * task.pair + 1)
    seeds = [episode_seed(task.seed, task.load, number) for number in numbers]
    episodes = [
        make_episode(
            sights,
            sounds,
            events=task.load.events,
            seconds=task.load.seconds,
            seed=seed,
            held_out=True,
        )
        for seed in seeds
    ]
    results = Results()
    ours: list[Any] = []
    for name in dict.fromkeys((*_needed(task.systems), *task.systems)):
        system = load(name)
        memories = _memories(system, name, episodes, ours, results, task, numbers)
        if name == OURS:
            ours = memories
        if name in task.systems:
            _ask_all(system, memories, episodes, seeds, results, task, numbers)
    return results


def _needed(systems: tuple[str, ...]) -> tuple[str, ...]:
    """Swapped and zeroed memories are made from ours."""
    return (OURS,) if {SWAPPED, ZEROED} & set(systems) else ()


def _memories(
    system: MemorySystem,
    name: str,
    episodes: list[Episode],
    ours: list[Any],
    results: Results,
    task: Task,
    numbers: tuple[int, int],
) -> list[Any]:
    if name == SWAPPED:
        return ours[::-1]
    if name == ZEROED:
        return [zeroed(memory) for memory in ours if isinstance(memory, SlotMemory)]
    began_s = time.perf_counter()
    if isinstance(system, SlotSystem):
        memories: list[Any] = list(system.fold_together(episodes))
    else:
        memories = [system.fold(episode) for episode in episodes]
    fold_s = (time.perf_counter() - began_s) / len(episodes)
    for memory, episode, number in zip(memories, episodes, numbers, strict=True):
        size = system.state_bytes(memory)
        results.sizes.append(Size(name, task.load.name, number, size, fold_s, len(episode.steps)))
    return memories


def _ask_all(
    system: MemorySystem,
    memories: list[Any],
    episodes: list[Episode],
    seeds: list[int],
    results: Results,
    task: Task,
    numbers: tuple[int, int],
) -> None:
    sigmas = task.sweep if system.name in SWEPT else ()
    for at, (memory, episode, number) in enumerate(zip(memories, episodes, numbers, strict=True)):
        asked = questions(episode, seeds[at] + 1, CANDIDATES)
        for sigma in sorted({SIGMA, *sigmas}):
            sights, sounds = bank(sigma)
            heard = replace(episode, sights=sights, sounds=sounds)
            setting = Setting(task.load.name, sigma, number)
            results.rows += ask(system, memory, heard, asked, setting)
        if system.name == SWAPPED:
            donor = episodes[1 - at]
            setting = Setting(task.load.name, SIGMA, number)
            results.rows += follow(system, memory, donor, asked, setting)
