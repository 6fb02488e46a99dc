"""The published units against reference vectors of the published implementation."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ttm_lab import parity
from ttm_lab.published.flax_params import load_arrays, load_unit
from ttm_lab.published.unit import PublishedState

FILES = sorted((Path(__file__).parent / "reference").glob("*.npz"))


def test_every_memory_mode_and_processor_is_there():
    assert len(FILES) == 18


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_outputs_and_memories_agree_with_the_reference(path):
    results = parity.compare(path)
    assert set(results) == {
        "outputs",
        "memory_per_step",
        "memory_final",
        "continued_outputs",
        "continued_memory_per_step",
    }
    assert all(within for _, within in results.values()), results


def test_a_wrong_weight_is_noticed(tmp_path, capsys):
    arrays = load_arrays(FILES[0])
    name = next(key for key in arrays if key.endswith("Dense_0/kernel"))
    arrays[name] = arrays[name] + np.float32(0.05)
    broken = tmp_path / "broken.npz"
    np.savez(broken, **arrays)
    assert parity.main([str(broken)]) == 1
    assert "BEYOND" in capsys.readouterr().out


def test_files_that_are_no_reference_are_refused(tmp_path, capsys):
    other = tmp_path / "other.npz"
    np.savez(other, a=np.zeros(3))
    assert parity.main([str(other)]) == 1
    assert "no config_json" in capsys.readouterr().out
    assert parity.main([]) == 2


def test_a_missing_parameter_is_named(tmp_path):
    arrays = load_arrays(FILES[0])
    name = next(key for key in arrays if key.endswith("/scale"))
    del arrays[name]
    with pytest.raises(ValueError, match="missing from the file"):
        load_unit(arrays)


@pytest.mark.parametrize("path", FILES[:6], ids=lambda path: path.stem)
def test_a_masked_row_keeps_its_memory_and_leaves_the_others_alone(path):
    arrays = load_arrays(path)
    unit = load_unit(arrays)
    x = torch.from_numpy(arrays["inputs"][:, 0])
    memory = torch.randn(x.shape[0], unit.config.memory_tokens, unit.config.dim)
    mask = torch.ones(x.shape[:2], dtype=torch.bool)
    mask[1] = False
    with torch.inference_mode():
        masked, _ = unit.step(PublishedState(memory), x, mask)
        plain, _ = unit.step(PublishedState(memory), x)
    assert torch.equal(masked.tokens[1], memory[1])
    torch.testing.assert_close(masked.tokens[0], plain.tokens[0], rtol=2e-6, atol=2e-6)
