"""Fixtures for the tests that need Node."""

from pathlib import Path

import pytest

from browser.node_runs import NotThereError, node_binary, node_packages


@pytest.fixture(scope="session")
def node() -> str:
    """The node binary; skips where there is none that is new enough."""
    try:
        return node_binary()
    except NotThereError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def packages(node: str) -> Path:
    """The folder of what the tests need from npm; skips where it cannot be had."""
    try:
        return node_packages()
    except NotThereError as error:
        pytest.skip(str(error))
