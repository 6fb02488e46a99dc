"""Calibrations of the untrained systems, written by `ttm_model.evaluation.fit_calibration`.

Fitted on 12 episodes of training concepts with seeds of their own, gap sigma 0.5.
Weights of: best product with the text key, its superposition noise, both multiplied.
"""

from ttm_model.evaluation.calibration import Calibration

CALIBRATED: dict[str, Calibration] = {
    "slot-ttm": Calibration(-13.2217, (20.0489, 11.0325, -9.0706)),
    "merge-only": Calibration(-22.6785, (34.1036, 0.0000, 0.0000)),
    "fifo": Calibration(-22.6796, (34.0980, 0.0000, 0.0000)),
    "recency": Calibration(-8.3578, (16.9114, 0.0000, 0.0000)),
    "mean-pool": Calibration(-0.2906, (7.5015, 0.0000, 0.0000)),
    "unlimited": Calibration(-28.3310, (40.0765, 0.0000, 0.0000)),
}
