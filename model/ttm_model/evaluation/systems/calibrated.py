"""Calibrations of the untrained systems, written by `ttm_model.evaluation.fit_calibration`.

Fitted on 12 episodes of training concepts with seeds of their own, gap sigma 0.5.
Weights of: best product with the text key, its superposition noise, both multiplied.
"""

from ttm_model.evaluation.calibration import Calibration

CALIBRATED: dict[str, Calibration] = {}
