"""Values of tensors that are declared once: what follows of it, and what is refused."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import torch
from torch import Tensor

from ttm_model.declared import Declared, Kept

SIZES = {"places": 3, "dim": 2}


@dataclass(frozen=True, slots=True)
class Inner(Declared):
    kind: Annotated[Tensor, Kept(torch.int8, ("places",), -1)]


@dataclass(frozen=True, slots=True)
class Outer(Declared):
    key: Annotated[Tensor, Kept(torch.float32, ("places", "dim"))]
    inner: Inner
    clock_s: Annotated[Tensor, Kept(torch.float64)]


@dataclass(frozen=True, slots=True)
class Undeclared(Declared):
    key: Tensor


def test_shapes_and_dtypes_follow_and_nested_names_are_joined():
    assert Outer.spec(SIZES, 4) == {
        "key": ((4, 3, 2), torch.float32),
        "inner.kind": ((4, 3), torch.int8),
        "clock_s": ((4,), torch.float64),
    }


def test_a_blank_one_has_these_shapes_and_what_is_said_to_be_empty():
    blank = Outer.blank(SIZES, 4)
    shapes = {name: (tuple(t.shape), t.dtype) for name, t in blank.tensors().items()}
    assert shapes == Outer.spec(SIZES, 4)
    assert (blank.inner.kind == -1).all()
    assert not blank.key.any()


def test_rows_and_stacks_undo_each_other_and_share_nothing():
    whole = Outer.blank(SIZES, 2)
    whole.clock_s[1] = 5.0
    rows = [whole.row(0), whole.row(1)]
    rows[0].key[0, 0, 0] = 1.0
    assert not whole.key.any()
    back = Outer.stack(rows)
    assert back.clock_s.tolist() == [0.0, 5.0]
    copy = back.copy()
    copy.inner.kind[0, 0] = 2
    assert int(back.inner.kind[0, 0]) == -1


def test_it_comes_back_from_its_tensors():
    whole = Outer.blank(SIZES, 1).updated(clock_s=torch.tensor([2.0], dtype=torch.float64))
    back = Outer.of(whole.tensors())
    assert all(torch.equal(t, back.tensors()[n]) for n, t in whole.tensors().items())


def test_a_field_that_is_not_declared_is_refused():
    with pytest.raises(TypeError, match=r"Undeclared\.key"):
        Undeclared.spec(SIZES)
