"""Model tests run with one torch thread: small matrices gain nothing from more."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)
