"""Every weight file that any module pins stands in the table, under its own name and digest."""

import importlib
import pkgutil

import ttm_model
from ttm_model.encoders.weights import PinnedWeights, table
from ttm_model.engines.lite import LiteEngine


def pinned_anywhere():
    for module in pkgutil.walk_packages(ttm_model.__path__, "ttm_model."):
        if module.name.rpartition(".")[2] != "__main__":
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, PinnedWeights):
                    yield f"{module.name}.{name}", value


def test_every_pin_is_in_the_table():
    digests = {row.name: row.sha256 for row in table()}
    pins = dict(pinned_anywhere())
    assert LiteEngine.__module__ in {name.rpartition(".")[0] for name in pins}
    for where, weights in pins.items():
        assert digests.get(weights.name) == weights.sha256, where
