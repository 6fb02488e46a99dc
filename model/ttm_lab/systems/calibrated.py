"""Calibrations of the untrained systems, written by `fit_calibration`.

Fitted on 12 episodes of training concepts with seeds of their own, gap sigma 0.5.
The weight is that of the best product with the text key.
"""

from ttm_lab.systems.calibration import PresenceCalibration

CALIBRATED: dict[str, PresenceCalibration] = {
    "slot-ttm": PresenceCalibration(-26.9403, (39.4911,)),
    "merge-only": PresenceCalibration(-22.6785, (34.1036,)),
    "fifo": PresenceCalibration(-22.6796, (34.0980,)),
    "fifo-packed": PresenceCalibration(-26.9182, (39.5930,)),
    "recency": PresenceCalibration(-8.3578, (16.9114,)),
    "mean-pool": PresenceCalibration(-0.2906, (7.5015,)),
    "unlimited": PresenceCalibration(-28.3310, (40.0765,)),
}
