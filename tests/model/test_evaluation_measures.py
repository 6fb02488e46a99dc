"""Each measure against cases worked out by hand."""

import math

import pytest
import torch

from ttm_lab.evaluation.measures import by_age, by_intervening, ece_by_age, summarise
from ttm_lab.evaluation.rows import Row
from ttm_lab.evaluation.statistics import (
    auroc,
    calibration_error,
    coverage,
    quantile,
    rank_of,
    relative,
    reliability,
    share,
)
from ttm_lab.systems.calibration import Found, PresenceCalibration, fit_calibration


def test_rank_counts_better_scores_and_earlier_ties():
    scores = torch.tensor([0.5, 0.9, 0.5, 0.1])
    assert [rank_of(scores, at) for at in range(4)] == [2, 1, 3, 4]


def test_calibration_error_by_hand():
    # Bin 0.2-0.3: two of 0.25, one true (gap 0.25); bin 0.9-1: two of 0.95, both true (gap 0.05).
    p, truths = [0.25, 0.25, 0.95, 0.95], [True, False, True, True]
    assert calibration_error(p, truths) == pytest.approx((2 * 0.25 + 2 * 0.05) / 4)
    assert [(b.count, b.share) for b in reliability(p, truths)] == [(2, 0.5), (2, 1.0)]
    assert calibration_error([1.0, 0.0], [True, False]) == 0.0
    assert math.isnan(calibration_error([], []))


def test_auroc_by_hand():
    assert auroc([0.9, 0.4], [0.5, 0.1]) == 0.75  # three of four pairs in order
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([1.0], [0.0]) == 1.0
    assert math.isnan(auroc([], [0.1]))


def test_quantile_is_a_value_that_was_measured():
    values = [3.0, 1.0, 2.0, math.inf]
    assert quantile(values, 0.5) == 2.0
    assert quantile(values, 0.75) == 3.0
    assert quantile(values, 0.9) == math.inf
    assert quantile([7.0], 0.0) == 7.0
    assert math.isnan(quantile([], 0.5))


def test_bootstrap_redraws_episodes_not_questions():
    # Two episodes, one all right and one all wrong: questions together would give a narrow
    # interval around a half; episodes can only give all wrong, half, or all right.
    estimate = share([[True] * 100, [False] * 100])
    assert (estimate.value, estimate.low, estimate.high, estimate.count) == (0.5, 0.0, 1.0, 200)
    sure = share([[True, True], [True], []])
    assert (sure.value, sure.low, sure.high, sure.count) == (1.0, 1.0, 1.0, 3)
    assert math.isnan(share([]).value)


def test_bootstrap_interval_of_even_episodes_has_the_width_of_theory():
    generator = torch.Generator().manual_seed(1)
    groups = [[bool(torch.rand(1, generator=generator) < 0.5)] for _ in range(400)]
    estimate = share(groups)
    width = 2 * 1.96 * (0.25 / 400) ** 0.5
    assert estimate.high - estimate.low == pytest.approx(width, rel=0.15)
    assert estimate.low < estimate.value < estimate.high


def test_relative_by_hand():
    estimate = relative([[True, False], [True, True]], [[True, True], [True, True]])
    assert (estimate.value, estimate.low, estimate.high) == (0.75, 0.5, 1.0)
    assert math.isnan(relative([[True]], [[False]]).value)
    with pytest.raises(ValueError, match="1 episodes against 2"):
        relative([[True]], [[True], [True]])


def test_calibration_mixes_what_is_lost():
    even = PresenceCalibration(0.0, (1.0,))
    assert even.probability(Found((0.0,), 0.0)) == 0.5
    assert even.probability(Found((-100.0,), 0.0)) == pytest.approx(0.0, abs=1e-9)
    # Nothing found, half of everything lost: odds one half.
    assert even.probability(Found((-100.0,), 0.5)) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="zip"):
        even.probability(Found((0.0, 1.0), 0.0))


def test_fitted_calibration_finds_the_line_that_made_the_truths():
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(4000, generator=generator)
    truths = torch.rand(4000, generator=generator) < torch.sigmoid(2.0 * x - 1.0)
    fitted = fit_calibration([Found((float(v),), 0.0) for v in x], truths.tolist())
    assert fitted.bias == pytest.approx(-1.0, abs=0.2)
    assert fitted.weights[0] == pytest.approx(2.0, abs=0.3)


def test_coverage_by_hand():
    # Surest first: right, right, wrong, right. One of four wrong is 25 %.
    p, truths = [0.99, 0.02, 0.9, 0.7], [True, False, False, True]
    assert coverage(p, truths, 0.05) == 0.5
    assert coverage(p, truths, 0.25) == 1.0
    assert coverage([0.9], [False], 0.05) == 0.0
    assert math.isnan(coverage([], [], 0.05))


def test_calibration_error_by_age_by_hand():
    rows = [
        _row("presence", age_s=5.0, p=0.95, verdict="present", subject="present"),
        _row("presence", age_s=20.0, p=0.55, verdict="present", subject="present"),
        _row("presence", p=0.05, verdict="not_seen", subject="random"),
        _row("presence", p=0.25, verdict="not_seen", subject="hard"),
    ]
    (young, young_error, count), (old, old_error, _) = ece_by_age(rows, "ours")
    assert (young, old, count) == ("0-10 s", "10-30 s", 2)
    assert young_error == pytest.approx(0.05)
    assert old_error == pytest.approx((0.45 + 0.05) / 2)


def _row(kind, **values):
    return Row("ours", "64", 0.5, values.pop("episode", 0), kind, **values)


def test_summary_by_hand():
    rows = [
        _row("at_time", age_s=5.0, intervening=0, rank=1),
        _row("at_time", age_s=20.0, intervening=9, rank=3),
        _row("beside", age_s=15.0, intervening=5, rank=1, episode=1),
        _row("beside", age_s=400.0, intervening=70, rank=6, episode=1),
        _row("when", age_s=5.0, intervening=0, error_s=0.25),
        _row("when", age_s=9.0, intervening=0, error_s=1.0),
        _row("when", age_s=9.0, intervening=0),
        _row("presence", age_s=5.0, p=0.9, verdict="present", subject="present", evicted=False),
        _row("presence", age_s=5.0, p=0.2, verdict="not_seen", subject="present", evicted=False),
        _row(
            "presence",
            age_s=900.0,
            p=0.3,
            verdict="may_have_forgotten",
            subject="present",
            evicted=True,
        ),
        _row("presence", p=0.6, verdict="present", subject="hard"),
        _row("presence", p=0.1, verdict="not_seen", subject="hard"),
        _row("presence", p=0.1, verdict="not_seen", subject="random"),
        Row("theirs", "64", 0.5, 0, "at_time", 5.0, 0, rank=1),
    ]
    one = summarise(rows, "ours", "64")
    assert (one.recall_1.value, one.recall_5.value, one.recall_1.count) == (0.5, 0.75, 4)
    assert (one.at_time_1.value, one.beside_1.value, one.recent_1.value) == (0.5, 0.5, 1.0)
    assert one.recent_1.count == 2
    # A question without an answer counts as infinitely wrong, and is left out of "given".
    assert (one.when_median_s, one.when_p90_s) == (1.0, math.inf)
    assert (one.when_given_median_s, one.when_given_p90_s) == (0.25, 1.0)
    assert one.when_given.value == one.when_within_2_s.value == pytest.approx(2 / 3)
    assert (one.false_hard.value, one.false_random.value) == (0.5, 0.0)
    assert one.present_found.value == pytest.approx(1 / 3)
    assert one.absent_not_seen.value == pytest.approx(2 / 3)
    assert (one.evicted_forgotten.value, one.evicted_not_seen.value) == (1.0, 0.0)
    assert one.held_not_seen.value == 0.5
    # Present 0.9, 0.2, 0.3 against absent 0.6, 0.1, 0.1: 7 of 9 pairs in order.
    assert one.auroc == pytest.approx(7 / 9)
    assert math.isnan(summarise(rows, "ours", "192").recall_1.value)


def test_curves_put_every_answer_into_one_bucket():
    rows = [
        _row("at_time", age_s=10.0, intervening=3, rank=1),
        _row("at_time", age_s=10.5, intervening=4, rank=2),
        _row("beside", age_s=1800.0, intervening=128, rank=1),
        _row("beside", age_s=1801.0, intervening=127, rank=1),
        _row("beside", age_s=0.0, intervening=0, rank=2),
    ]
    age = [(name, e.value, e.count) for name, e in by_age(rows, "ours")]
    assert age == [
        ("0-10 s", 0.5, 2),
        ("10-30 s", 0.0, 1),
        ("10-30 min", 1.0, 1),
        ("30+ min", 1.0, 1),
    ]
    after = [(name, e.count) for name, e in by_intervening(rows, "ours")]
    assert after == [("0-3", 2), ("4-7", 1), ("64-127", 1), ("128+", 1)]
