"""Compare the published units with reference vectors: `python -m ttm_lab.parity FILE.npz …`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ttm_lab.published.flax_params import Arrays, load_arrays, load_unit
from ttm_lab.published.unit import PublishedState, PublishedUnit

TOLERANCE = 2e-5  # rtol = atol, in float32


def compare(path: Path) -> dict[str, tuple[float, bool]]:
    """Per array of the file: the largest error, and whether every value is within tolerance.

    The error is |got - want| / (1 + |want|): absolute for small values, relative for large ones
    (add-erase memories as published grow to 1e7 within ten steps). Raises ValueError for a file
    that does not fit the format.
    """
    arrays = load_arrays(path)
    unit = load_unit(arrays)
    state = unit.initial(arrays["inputs"].shape[0])
    results: dict[str, tuple[float, bool]] = {}
    for prefix in ("", "continued_"):
        if prefix + "inputs" not in arrays:
            continue
        outputs, memories, state = _run(unit, state, arrays[prefix + "inputs"])
        results[prefix + "outputs"] = _error(outputs, arrays, prefix + "outputs")
        results[prefix + "memory_per_step"] = _error(memories, arrays, prefix + "memory_per_step")
        if not prefix and "memory_final" in arrays:
            results["memory_final"] = _error(state.tokens.numpy(), arrays, "memory_final")
    return results


def _run(
    unit: PublishedUnit, state: PublishedState, inputs: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], PublishedState]:
    outputs, memories = [], []
    with torch.inference_mode():
        for t in range(inputs.shape[1]):
            state, output = unit.step(state, torch.from_numpy(np.array(inputs[:, t])))
            outputs.append(output.numpy())
            memories.append(state.tokens.numpy())
    return np.stack(outputs, axis=1), np.stack(memories, axis=1), state


def _error(got: npt.NDArray[np.float32], arrays: Arrays, name: str) -> tuple[float, bool]:
    want = arrays[name]
    if got.shape != want.shape:
        raise ValueError(f"{name}: shape {got.shape}, the file has {want.shape}")
    within = bool(np.allclose(got, want, rtol=TOLERANCE, atol=TOLERANCE))
    scaled = np.abs(got.astype(np.float64) - want) / (1.0 + np.abs(want.astype(np.float64)))
    return float(scaled.max()), within


def main(arguments: list[str]) -> int:
    """Print the largest errors of each file; 0 when all are within tolerance, else 1 (2: usage)."""
    if not arguments:
        sys.stderr.write("usage: python -m ttm_lab.parity FILE.npz …\n")
        return 2
    good = True
    for argument in arguments:
        try:
            results = compare(Path(argument))
        except (OSError, ValueError, KeyError) as error:
            sys.stdout.write(f"{argument}: cannot compare: {error}\n")
            good = False
            continue
        for name, (error_max, within) in results.items():
            verdict = "ok" if within else f"BEYOND rtol=atol={TOLERANCE:g}"
            sys.stdout.write(f"{Path(argument).name:32} {name:26} {error_max:.3e} {verdict}\n")
            good = good and within
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
