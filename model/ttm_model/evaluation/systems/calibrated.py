"""Calibrations of the untrained systems, written by `ttm_model.evaluation.fit_calibration`."""

from ttm_model.evaluation.calibration import Calibration

CALIBRATED: dict[str, Calibration] = {}
