"""Vectors in four bits: near what they were, the same alone as among others, compared exactly."""

import pytest
import torch

from ttm_model.nibbles import are_digits, digits, directions, likeness, pack, unpack


def vectors(count=40, width=64, seed=0):
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def test_a_vector_comes_back_within_half_a_step():
    some = vectors()
    packed, scale = pack(some)
    assert packed.shape == (40, 32)
    assert packed.dtype == torch.uint8
    error = (unpack(packed, scale) - some).abs().amax(dim=1)
    assert bool((error <= scale / 2 * 1.001).all())
    assert bool((digits(packed).abs().amax(dim=1) == 7).all())
    assert are_digits(packed)


def test_a_row_alone_is_the_row_among_others():
    some = vectors()
    packed, scale = pack(some)
    for row in (0, 17, 39):
        alone, its_scale = pack(some[row : row + 1])
        assert torch.equal(alone[0], packed[row])
        assert torch.equal(its_scale[0], scale[row])


def test_zero_stays_zero_and_what_is_not_finite_is_refused():
    packed, scale = pack(torch.zeros(2, 8))
    assert torch.equal(unpack(packed, scale), torch.zeros(2, 8))
    assert torch.equal(directions(packed), torch.zeros(2, 8))
    assert are_digits(packed)
    with pytest.raises(ValueError, match="finite"):
        pack(torch.tensor([[1.0, float("nan")]]))


def test_directions_are_of_unit_length_and_point_where_the_vector_did():
    some = vectors()
    found = directions(pack(some)[0])
    assert torch.allclose(found.norm(dim=1), torch.ones(40), atol=1e-6)
    assert bool((torch.cosine_similarity(found, some) > 0.98).all())


def test_likeness_is_the_cosine_to_the_last_bit_in_any_order():
    packed, _ = pack(vectors())
    found = likeness(packed, packed)
    shuffled = torch.randperm(40, generator=torch.Generator().manual_seed(3))
    assert torch.equal(likeness(packed[shuffled], packed), found[shuffled])
    wide = digits(packed).double()
    plain = (wide @ wide.T) / (wide.norm(dim=1)[:, None] * wide.norm(dim=1)[None, :])
    assert torch.allclose(found, plain, atol=1e-12)
    columns = torch.randperm(32, generator=torch.Generator().manual_seed(4))
    assert torch.equal(likeness(packed[:, columns], packed[:, columns]), found)


def test_a_half_byte_that_is_no_digit_is_known():
    packed, _ = pack(vectors(1, 8))
    for value in (0x10, 0x01, 0x00):
        other = packed.clone()
        other[0, 2] = value
        assert not are_digits(other)
