"""Calibrations of the untrained systems, written by `ttm_model.evaluation.fit_calibration`.

Fitted on episodes of training concepts with seeds of their own. Weights of: best product with the
text key, its superposition noise, both multiplied, share of sights lost.
"""

from ttm_model.evaluation.calibration import Logistic

CALIBRATED: dict[str, Logistic] = {}
