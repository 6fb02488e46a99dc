"""Calibrations of the untrained systems, written by `fit_calibration`.

Fitted on 12 episodes of training concepts with seeds of their own, gap sigma 0.5.
Weights of: best product with the text key times its sharpness (1: no superposition), sharpness.
"""

from ttm_model.evaluation.calibration import Calibration

CALIBRATED: dict[str, Calibration] = {
    "slot-ttm": Calibration(1.0854, (36.6979, -25.8767)),
    "merge-only": Calibration(-11.8797, (35.5972, -11.8797)),
    "fifo": Calibration(-11.8821, (35.5956, -11.8821)),
    "recency": Calibration(-4.4776, (17.7375, -4.4776)),
    "mean-pool": Calibration(-0.1453, (7.5016, -0.1453)),
    "unlimited": Calibration(-14.8191, (41.8376, -14.8191)),
}
