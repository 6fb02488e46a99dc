"""The generator is seeded, and what it says is true is true of what it made."""

import itertools

import pytest
import torch

from ttm_lab.task.episodes import EpisodeQuestions, make_concepts, make_episode, questions
from ttm_model.ttm.layout import Modality

DIM = 64


@pytest.fixture(scope="module")
def banks():
    return make_concepts(400, DIM, 0.5, 0.25, 1), make_concepts(400, DIM, 0.5, 0.25, 2)


def _episode(banks, **values):
    settings = {"events": 20, "seconds": 70.0, "seed": 3, "held_out": True} | values
    return make_episode(*banks, **settings)


def test_siblings_are_alike_and_held_out_together(banks):
    sights = banks[0]
    cos = (sights.sensor * sights.sensor[sights.sibling]).sum(-1)
    assert float(cos.min()) >= 0.6 - 1e-4
    assert float(cos.max()) <= 0.8 + 1e-4
    others = sights.sensor @ sights.sensor.T
    others[torch.arange(400), torch.arange(400)] = -1
    assert torch.equal(others.argmax(dim=1), sights.sibling)
    assert torch.equal(sights.held_out, sights.held_out[sights.sibling])
    assert int(sights.held_out.sum()) == 100


@pytest.mark.parametrize("sigma", [0.2, 0.5, 0.8])
def test_the_gap_is_as_wide_as_said_and_leaves_the_sensors_alone(banks, sigma):
    bank = make_concepts(400, DIM, sigma, 0.25, 1)
    cos = (bank.sensor * bank.text).sum(-1).mean()
    assert float(cos) == pytest.approx(1 / (1 + sigma**2) ** 0.5, abs=0.03)
    assert torch.equal(bank.sensor, banks[0].sensor)
    assert torch.equal(bank.held_out, banks[0].held_out)


def test_an_episode_is_its_seed(banks):
    one, same, other = _episode(banks), _episode(banks), _episode(banks, seed=4)
    assert one.events == same.events
    assert one.events != other.events
    for (a, mask_a), (b, mask_b) in zip(one.steps, same.steps, strict=True):
        assert torch.equal(mask_a, mask_b)
        assert torch.equal(a.keys, b.keys)
    asked, again = questions(one, 5, 50), questions(same, 5, 50)
    for x, y in zip(asked.at_time, again.at_time, strict=True):
        assert (x.time_s, x.truth) == (y.time_s, y.truth)
        assert torch.equal(x.candidates, y.candidates)
    assert asked.presence == again.presence
    assert [q.time_s for q in questions(one, 6, 50).at_time] != [q.time_s for q in asked.at_time]


@pytest.mark.parametrize("seed", [3, 11, 12])
def test_every_event_is_in_the_stream_when_it_happened(banks, seed):
    episode = _episode(banks, seed=seed)
    assert len(episode.steps) == 140
    for event in episode.events:
        assert 1.0 <= event.end_s - event.start_s <= 4.0
        assert 0.0 <= event.start_s < event.end_s <= episode.length_s + 1e-9
        for concept, bank, modality in (
            (event.sight, banks[0], Modality.VIDEO),
            (event.sound, banks[1], Modality.AUDIO),
        ):
            if concept is None:
                continue
            found = _steps_with(episode, bank.sensor[concept], modality)
            assert found, "an event left no token"
            assert min(found) >= event.start_s - 0.51
            assert max(found) <= event.end_s + 0.01
    for number, (inputs, mask) in enumerate(episode.steps, start=1):
        assert float(inputs.clock_s[0]) == number * 0.5
        assert float(inputs.end_s[mask].max()) == number * 0.5


def _steps_with(episode, key, modality):
    """Start times of the steps with a token that is this concept's, sibling's excluded."""
    times = []
    for inputs, mask in episode.steps:
        alike = (inputs.keys[0] @ key > 0.72) & (inputs.modality[0] == modality) & mask[0]
        times += inputs.start_s[0, alike].tolist()
    return times


def test_events_follow_each_other_with_small_overlaps(banks):
    overlapping = 0
    for seed in range(6):
        events = _episode(banks, seed=seed, events=30, seconds=100.0).events
        for before, after in itertools.pairwise(events):
            assert after.start_s >= before.end_s - 0.4 - 1e-9
            overlapping += after.start_s < before.end_s
    assert 0.1 < overlapping / (6 * 29) < 0.35


def test_held_out_draws_only_from_its_share(banks):
    sights, sounds = banks
    for held_out in (True, False):
        events = _episode(banks, held_out=held_out).events
        assert {bool(sights.held_out[e.sight]) for e in events} == {held_out}
        assert {bool(sounds.held_out[e.sound]) for e in events if e.sound is not None} == {held_out}
    mixed = _episode(banks, held_out=None, events=60, seconds=240.0).events
    assert len({bool(sights.held_out[e.sight]) for e in mixed}) == 2


def test_sounds_and_repeats_are_as_many_as_asked(banks):
    events = _episode(banks, sound_share=0.5, repeats=5).events
    assert sum(e.sound is not None for e in events) == 10
    assert len({e.sight for e in events}) == 15
    assert len({e.sight for e in _episode(banks).events}) == 20


def test_scenery_is_never_as_salient_as_an_event(banks):
    empty = make_episode(*banks, events=0, seconds=60.0, seed=1, held_out=True, distractors=0.0)
    saliences = torch.cat([inputs.salience[mask] for inputs, mask in empty.steps])
    assert saliences.numel() > 120  # a scene in every step, a hum in half
    assert float(saliences.max()) < 0.2
    hit = make_episode(*banks, events=0, seconds=600.0, seed=1, held_out=True, distractors=0.1)
    loud = sum(int((inputs.salience[mask] >= 0.2).sum()) for inputs, mask in hit.steps)
    assert 10 <= loud <= 60  # a quarter of about 120


def test_questions_tell_the_truth(banks):
    episode = _episode(banks, repeats=3)
    asked = questions(episode, 9, 60)
    assert isinstance(asked, EpisodeQuestions)
    assert len(asked.at_time) == len(asked.beside) == 10
    for at in asked.at_time:
        there = [e.sight for e in episode.events if e.start_s <= at.time_s <= e.end_s]
        assert there == [at.truth]
    for by in asked.beside:
        assert [e.sight for e in episode.events if e.sound == by.sound] == [by.truth]
    for one in (*asked.at_time, *asked.beside):
        candidates = one.candidates.tolist()
        assert len(set(candidates)) == 60
        assert {one.truth, int(banks[0].sibling[one.truth])} <= set(candidates)
        assert bool(banks[0].held_out[one.candidates].all())
        event = episode.events[one.asked.event]
        assert one.asked.age_s == pytest.approx(episode.length_s - event.end_s)
        assert one.asked.intervening == sum(e.start_s > event.start_s for e in episode.events)
    shown = [e.sight for e in episode.events]
    for when in asked.when:
        assert shown.count(when.sight) == 1
        assert when.start_s == episode.events[shown.index(when.sight)].start_s
    kinds = {kind: [q for q in asked.presence if q.kind == kind] for kind in ("present", "hard")}
    assert all(q.sight in shown and q.asked is not None for q in kinds["present"])
    for question in asked.presence:
        if question.kind != "present":
            assert question.sight not in shown
            assert question.asked is None
            is_sibling = int(banks[0].sibling[question.sight]) in shown
            assert is_sibling == (question.kind == "hard")
    absent = len(asked.presence) - len(kinds["present"])
    assert absent == len(kinds["present"]) == len(set(shown))


def test_the_truth_is_anywhere_among_the_candidates(banks):
    places = []
    for seed in range(10):
        for at in questions(_episode(banks), seed, 50).at_time:
            places.append(int((at.candidates == at.truth).nonzero()[0, 0]))
    assert min(places) < 10
    assert max(places) >= 40


def test_limits_are_named(banks):
    with pytest.raises(ValueError, match="seconds: 20 events take"):
        _episode(banks, seconds=10.0)
    with pytest.raises(ValueError, match="sights: 120 are wanted, the bank has 100"):
        _episode(banks, events=120, seconds=500.0)
    with pytest.raises(ValueError, match="repeats"):
        _episode(banks, repeats=20)
    with pytest.raises(ValueError, match="candidates: 500 are wanted, the bank has 100"):
        questions(_episode(banks), 1, 500)
    with pytest.raises(ValueError, match="count: 3"):
        make_concepts(3, 8, 0.5, 0.2, 0)
    with pytest.raises(ValueError, match="held_out_share"):
        make_concepts(4, 8, 0.5, 1.2, 0)


def test_limit_bounds_every_kind(banks):
    asked = questions(_episode(banks), 1, 50, limit=4)
    assert [len(asked.at_time), len(asked.beside), len(asked.when)] == [4, 4, 4]
    assert len(asked.presence) == 8
