"""Errors of the model's own. That a state is another model's is told in `ttm_protocol.errors`."""


class ModelError(Exception):
    """Anything the model refuses or cannot do."""


class WeightsError(ModelError):
    """A weight file is missing or is not the published one (its sha256 differs)."""
