"""Training: exact resuming, seeds, learning, weight files, and the shipped trained systems."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from ttm_lab.evaluation import registry
from ttm_lab.published.unit import PublishedState
from ttm_lab.systems.slot_ttm import SlotSystem
from ttm_lab.task.concepts import make_concepts
from ttm_lab.task.episodes import PLACES, STEP_S, make_episode
from ttm_lab.training import __main__ as command
from ttm_lab.training import asking, stream, systems
from ttm_lab.training.memories import MEMORIES, MEMORY_TOKENS
from ttm_lab.training.network import Network
from ttm_lab.training.pins import SHA256
from ttm_lab.training.plan import Plan
from ttm_lab.training.saved_run import resume_run, save_run
from ttm_lab.training.slot_reader import SlotReader
from ttm_lab.training.slot_system import LearnedSlotSystem
from ttm_lab.training.trainer import Trainer
from ttm_lab.training.weights_file import read_network, write_weights
from ttm_model.encoders.weights import verified_path
from ttm_model.errors import WeightsError
from ttm_protocol.errors import StateIncompatible

DIM = 256
ALL = sorted(MEMORIES)
MOST_BYTES = 16 * 1024 * 1024


def _tiny(system, **changes):
    return replace(Plan(system, steps=6, batch=1, horizon=32), **changes)


def _finish(trainer):
    while not trainer.done:
        trainer.batch()
    return trainer


def _same(a, b):
    pairs = zip(a.state_dict().items(), b.state_dict().items(), strict=True)
    return all(n == m and torch.equal(x, y) for (n, x), (m, y) in pairs)


def _episode(events=4, seed=1):
    sights = make_concepts(600, DIM, 0.5, 0.2, 11)
    sounds = make_concepts(600, DIM, 0.5, 0.2, 12)
    seconds = max(8.0, 4.0 * events)
    return make_episode(sights, sounds, events=events, seconds=seconds, seed=seed, held_out=True)


# --- runs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "back"), [*((system, 1) for system in ALL), ("published-ttm", 2), ("lstm", 2)]
)
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(system, back, tmp_path):
    plan = _tiny(system, back=back)
    straight = _finish(Trainer(plan))
    path = tmp_path / "run"
    trainer = Trainer(plan)
    batches = 0
    while not trainer.done:
        trainer.batch()
        batches += 1
        save_run(trainer, path)
        trainer = resume_run(path, plan)
    assert batches > 3
    assert straight.progress.horizon == 32  # several windows with carried state were among them
    assert _same(straight.network, trainer.network)
    assert straight.progress.step == trainer.progress.step
    assert straight.progress.loss == trainer.progress.loss


def test_the_seed_decides_everything_and_another_seed_is_another_run():
    runs = [_finish(Trainer(_tiny("transformer", seed=seed))) for seed in (3, 3, 4)]
    assert _same(runs[0].network, runs[1].network)
    assert not _same(runs[0].network, runs[2].network)
    assert runs[0].progress.loss != runs[2].progress.loss


def test_the_loss_goes_down():
    trainer = Trainer(Plan("transformer", steps=24, batch=4, horizon=16))
    trainer.batch()
    first, recall = trainer.progress.loss, trainer.progress.recall
    _finish(trainer)
    assert trainer.progress.loss < 0.9 * first
    assert trainer.progress.recall > max(recall, 0.3)  # of 256 candidates


def test_a_step_is_a_window_whatever_the_memory():
    for system in ("transformer", "published-ttm"):
        trainer = Trainer(_tiny(system, steps=1))
        trainer.plan = replace(trainer.plan, steps=2)
        trainer.progress.step = 1  # halfway: two windows of 16 steps
        trainer.batch()
        assert trainer.progress.step == 3
        assert trainer.progress.horizon == 32


def test_gradients_go_back_through_as_many_windows_as_planned():
    moves = {}
    for back in (1, 2, 3):
        trainer = Trainer(Plan("lstm", steps=64, batch=1, shortest=64, horizon=64, back=back))
        trainer.batch()  # four windows
        assert trainer.progress.step == 4
        moves[back] = int(trainer.optimiser.state[trainer.network.reader.scale]["step"])
    assert moves == {1: 4, 2: 2, 3: 2}


def test_the_published_unit_starts_with_slots_that_keep_themselves():
    unit = Network("published-ttm").memory.unit
    content = unit.write.attention.value.weight.diagonal()  # 1 where a slot has content
    torch.manual_seed(5)
    keys = torch.randn(2, unit.config.memory_tokens, DIM)
    before = torch.nn.functional.normalize(keys, dim=-1) * content
    inputs = torch.nn.functional.normalize(torch.randn(2, PLACES, DIM), dim=-1)
    mask = torch.zeros(2, PLACES, dtype=torch.bool)
    mask[:, 0] = True
    with torch.no_grad():
        state, _ = unit.step(PublishedState(before), inputs, mask)
    kept = torch.nn.functional.cosine_similarity(state.tokens, before, dim=-1).mean(0)
    assert kept.min() < 0.9  # the quickest slots are written
    assert kept[-10:].median() > 0.999  # the slowest are not, but for what they like
    assert bool((state.tokens[..., content == 0] == 0).all())  # positions do not leak into content


def test_plans_that_cannot_be_are_refused():
    for wrong in (
        {"steps": None},
        {"minutes": 1.0},
        {"steps": 0},
        {"batch": 0},
        {"horizon": 20},
        {"shortest": 20},
        {"shortest": 64},
        {"back": 0},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            _tiny("lstm", **wrong)
    with pytest.raises(ValueError, match="system"):
        Network("gru")


def test_learning_rate_and_horizon_follow_progress():
    plan = Plan("lstm", steps=1000)
    assert plan.rate_at(0, 0.0) < plan.rate_at(100, 0.1) == plan.learning_rate
    assert plan.rate_at(999, 0.999) < 0.2 * plan.learning_rate
    horizons = [plan.horizon_at(plan.progress(step, 0.0)) for step in range(0, 1000, 10)]
    assert horizons == sorted(horizons)
    assert {16, 256} <= set(horizons)
    assert 512 in {replace(plan, horizon=512).horizon_at(p / 20) for p in range(20)}
    assert max(replace(plan, horizon=64).horizon_at(p / 10) for p in range(11)) == 64
    assert min(replace(plan, shortest=64).horizon_at(p / 10) for p in range(11)) == 64


# --- files ----------------------------------------------------------------------------------------


def test_a_run_of_another_plan_or_schema_is_not_resumed(tmp_path):
    path = tmp_path / "run"
    trainer = Trainer(_tiny("transformer"))
    trainer.batch()
    save_run(trainer, path)
    with pytest.raises(StateIncompatible, match="seed: the run has 0, not 1"):
        resume_run(path, _tiny("transformer", seed=1))
    with pytest.raises(StateIncompatible, match="system"):
        resume_run(path, _tiny("lstm"))
    longer = resume_run(path, _tiny("transformer", steps=9))
    assert longer.progress.step == 1
    other = tmp_path / "other"
    save_file({"x": torch.zeros(1)}, other, metadata={"schema": "ttmserve.training-run/0"})
    with pytest.raises(StateIncompatible, match=r"schema.*training-run/0.*training-run/1"):
        resume_run(other, _tiny("transformer"))
    other.write_bytes(b"nothing")
    with pytest.raises(StateIncompatible, match="not a readable"):
        resume_run(other, _tiny("transformer"))


def test_weights_of_another_schema_system_or_shape_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    network = Network("transformer")
    write_weights(network, "transformer", {"seed": 0}, path)
    assert read_network("transformer", path).name == "transformer"
    with pytest.raises(WeightsError, match="system is 'transformer', must be 'lstm'"):
        read_network("lstm", path)
    half = {name: tensor.half() for name, tensor in network.state_dict().items()}
    meta = {"schema": "ttmserve.trained/0", "system": "transformer"}
    save_file(half, path, metadata=meta)
    with pytest.raises(WeightsError, match=r"schema is 'ttmserve.trained/0', must be"):
        read_network("transformer", path)
    meta["schema"] = "ttmserve.trained/1"
    save_file({**half, "more": torch.zeros(1)}, path, metadata=meta)
    with pytest.raises(WeightsError, match="more"):
        read_network("transformer", path)
    half["reader.scale"] = torch.tensor(float("nan"))
    save_file(half, path, metadata=meta)
    with pytest.raises(WeightsError, match=r"reader.scale .* not finite"):
        read_network("transformer", path)


def test_the_command_trains_saves_and_resumes(tmp_path, capsys):
    out = tmp_path / "weights.safetensors"
    arguments = ["--system", "transformer", "--out", str(out), "--batch", "1", "--horizon", "16"]
    assert command.main([*arguments, "--steps", "2"]) == 0
    told = capsys.readouterr().out
    assert "step 2" in told
    for word in ("loss", "recall", "episodes/s", "left"):
        assert word in told
    assert command.main([*arguments, "--steps", "4"]) == 2  # never over a run that is there
    assert "--resume" in capsys.readouterr().err
    assert command.main([*arguments, "--steps", "4", "--resume"]) == 0
    assert "step 4" in capsys.readouterr().out
    assert read_network("transformer", out).name == "transformer"
    assert command.main([*arguments, "--steps", "4", "--resume", "--seed", "1"]) == 2
    assert "seed" in capsys.readouterr().err


# --- the world ------------------------------------------------------------------------------------


def test_streams_show_events_when_they_happen_and_nothing_of_dropped_ones():
    streams = stream.draw(8, 128, DIM, torch.Generator().manual_seed(2), (0.0, 0.0))
    assert not bool(streams.kept.all())
    for b in range(8):
        shown = set(streams.sight[b].tolist())
        for e in range(streams.sight.shape[1]):
            if int(streams.sibling[streams.sight[b, e]]) in shown:
                continue  # as alike as noise makes a thing to itself
            text = streams.sight_text[streams.sight[b, e]]  # no gap: the sensor key itself
            alike = (streams.keys[b] @ text > 0.6) & streams.mask[b]
            steps = torch.nonzero(alike.any(1))[:, 0]
            if not bool(streams.kept[b, e]):
                assert steps.numel() == 0
                continue
            times_s = steps * STEP_S
            assert bool((times_s >= streams.event_start_s[b, e] - STEP_S).all())
            assert bool((times_s <= streams.event_end_s[b, e] + STEP_S).all())
    assert bool((streams.event_end_s <= 64.0 + 1e-6).all())
    assert bool((streams.salience[streams.mask] > 0).all())


def test_questions_have_true_answers_and_ask_only_about_the_past():
    generator = torch.Generator().manual_seed(4)
    streams = stream.draw(16, 128, DIM, generator)
    now_s = 40.0
    seen_present = seen_absent = 0
    for _ in range(5):
        asked, truths = asking.ask(streams, now_s, generator)
        for b, q in torch.nonzero(truths.counts).tolist():
            kind = int(asked.kind[b, q])
            known = (streams.event_end_s[b] <= now_s) & streams.kept[b]
            held = set(streams.sight[b, known].tolist())
            if kind == 0:
                at = streams.sight[b].tolist().index(int(truths.sight[b, q]))
                start_s, end_s = streams.event_start_s[b, at], streams.event_end_s[b, at]
                assert start_s <= asked.time_s[b, q] <= end_s <= now_s
            if kind <= 2:
                assert int(truths.sight[b, q]) in held
            else:
                present = int(truths.sight[b, q]) in held
                assert bool(truths.present[b, q]) == present
                seen_present, seen_absent = seen_present + present, seen_absent + (not present)
    assert seen_present > 50
    assert seen_absent > 50


# --- memories -------------------------------------------------------------------------------------


@pytest.mark.parametrize("system", ALL)
def test_folding_in_parts_equals_folding_at_once_and_a_silent_step_changes_nothing(system):
    network = Network(system).eval()
    memory = network.memory
    streams = stream.draw(2, 32, DIM, torch.Generator().manual_seed(6))
    with torch.inference_mode():
        inputs = network.embed(streams)
        whole = memory.fold(memory.initial(2), inputs, streams.mask)
        state = memory.initial(2)
        for first in (0, 8, 24):
            part = slice(first, {0: 8, 8: 24, 24: 32}[first])
            state = memory.fold(state, inputs[:, part], streams.mask[:, part])
        tokens, mask = memory.tokens(state)
        expected, expected_mask = memory.tokens(whole)
        assert torch.equal(mask, expected_mask)
        torch.testing.assert_close(tokens, expected, rtol=1e-4, atol=1e-5)
        silent = torch.zeros(2, 1, inputs.shape[2], dtype=torch.bool)
        after, mask = memory.tokens(memory.fold(state, inputs[:, :1], silent))
        assert torch.equal(after[mask], tokens[expected_mask])


def test_an_answer_does_not_depend_on_later_steps_that_are_masked():
    network = Network("transformer").eval()
    streams = stream.draw(1, 32, DIM, torch.Generator().manual_seed(7))
    for block in network.memory.blocks:
        torch.nn.init.normal_(block.attention.out.weight, std=0.1)
    with torch.inference_mode():
        inputs = network.embed(streams)
        early = network.memory.fold(network.memory.initial(1), inputs[:, :16], streams.mask[:, :16])
        late = network.memory.fold(network.memory.initial(1), inputs, streams.mask)
        own = early[-3][early[-2]]
        within = late[-2] & (late[-1] < 16)
        torch.testing.assert_close(late[-3][within], own, rtol=1e-4, atol=1e-5)


def test_the_recurrent_memories_have_equal_bytes_and_the_transformer_grows():
    short, long = _episode(4), _episode(12)
    sizes = {}
    for name in ALL:
        system = systems.TrainedSystem(name, Network(name))
        sizes[name] = [system.state_bytes(system.fold(one)) for one in (short, long)]
    assert sizes["published-ttm"] == sizes["lstm"] == [MEMORY_TOKENS * DIM * 4] * 2
    assert sizes["transformer"][1] > 2 * sizes["transformer"][0]


def test_an_untrained_slot_reader_is_the_aligned_reader():
    episode = _episode(24)
    aligned, learned = SlotSystem(), LearnedSlotSystem(SlotReader())
    learned.calibration = aligned.calibration
    memory = aligned.fold(episode)
    sights, sounds = episode.sights.text[:40], episode.sounds.text
    for event in episode.events:
        time_s = (event.start_s + event.end_s) / 2
        expected = aligned.at_time(memory, time_s, sights)
        torch.testing.assert_close(learned.at_time(memory, time_s, sights), expected)
        if event.sound is not None:
            expected = aligned.beside(memory, sounds[event.sound], sights)
            torch.testing.assert_close(
                learned.beside(memory, sounds[event.sound], sights), expected
            )
        sight = episode.sights.text[event.sight]
        p, verdict = learned.presence(memory, sight)
        expected_p, expected_verdict = aligned.presence(memory, sight)
        assert p == pytest.approx(expected_p, abs=1e-5)
        assert verdict == expected_verdict
        assert learned.when(memory, sight) == aligned.when(memory, sight)


# --- what is shipped ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SHA256))
def test_every_shipped_checkpoint_loads_and_answers(name):
    system = registry.load(name) if name in registry.SYSTEMS else systems.load(name)
    right = asked = told = 0
    for seed in range(6):
        episode = _episode(2, seed)
        memory = system.fold(episode)
        candidates = episode.sights.text[episode.sights.held_out]
        numbers = torch.nonzero(episode.sights.held_out)[:, 0].tolist()
        for event in episode.events:
            scores = system.at_time(memory, (event.start_s + event.end_s) / 2, candidates)
            assert scores.shape == (candidates.shape[0],)
            right += numbers[int(scores.argmax())] == event.sight
            asked += 1
            p, verdict = system.presence(memory, episode.sights.text[event.sight])
            assert 0.0 <= p <= 1.0
            assert (p > 0.5) == (verdict == "present")
            start_s = system.when(memory, episode.sights.text[event.sight])
            if start_s is not None:
                assert 0.0 <= start_s <= episode.length_s
                told += 1
    assert right >= 0.6 * asked  # of 120 candidates
    assert told > 0


def test_the_shipped_checkpoints_are_small_and_say_how_they_came_to_be():
    sizes = {}
    for name in SHA256:
        path = verified_path(systems.pinned(name))
        sizes[name] = path.stat().st_size
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        about = json.loads(header["__metadata__"]["about"])
        assert about["seed"] == 0
        card = path.with_suffix(".md").read_text(encoding="utf-8")
        assert SHA256[name] in card
    assert sum(sizes.values()) <= MOST_BYTES


def test_a_checkpoint_with_other_bytes_is_refused(tmp_path):
    name = "lstm"
    data = bytearray(verified_path(systems.pinned(name)).read_bytes())
    data[-1] ^= 1
    path = tmp_path / "lstm.safetensors"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="sha256"):
        verified_path(replace(systems.pinned(name), locate=lambda: path))
