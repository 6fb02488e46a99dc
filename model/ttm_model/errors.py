"""Errors of the model. They know nothing of the server, which translates them at its edge."""


class ModelError(Exception):
    """Anything the model refuses or cannot do."""


class WeightsError(ModelError):
    """A weight file is missing or is not the published one (its sha256 differs)."""


class StateIncompatible(ModelError):
    """A stored state has another schema, shape or size than this model continues from."""


class NumericError(ModelError):
    """A step produced numbers that are not finite; the state before it is still good."""
