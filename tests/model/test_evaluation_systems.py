"""Controls behave as controls must, and a small run stays within generous bounds."""

import json
import math
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
import torch

from ttm_lab.evaluation import __main__ as command
from ttm_lab.evaluation import compare, registry
from ttm_lab.evaluation.goals import goals
from ttm_lab.evaluation.measures import summarise
from ttm_lab.evaluation.plan import Load, Plan
from ttm_lab.evaluation.plots import COLOURS
from ttm_lab.evaluation.rewording import reworded
from ttm_lab.evaluation.runner import run
from ttm_lab.systems.entries import Entries, read_at, read_beside, read_when
from ttm_lab.systems.slot_ttm import SlotSystem, slot_entries
from ttm_lab.task.episodes import make_concepts, make_episode, questions
from ttm_lab.training import systems as trained
from ttm_model.questions.question import Question
from ttm_model.ttm.layout import Layout

UNTRAINED = tuple(name for name in registry.SYSTEMS if name not in trained.NAMES)
SMALL = Plan("small", (Load("24", 24, 70.0, 1),), cost_steps=0, rewordings=0, workers=1, sweep=())


@pytest.fixture(scope="module", params=[1, 2])
def summaries(request):
    """Two seeds: a bound that only one fixed draw keeps says nothing."""
    plan = replace(SMALL, seed=request.param)
    rows = run(plan, UNTRAINED).rows
    return {name: summarise(rows, name, "24") for name in UNTRAINED}


def test_ours_remembers_what_fits(summaries):
    ours = summaries["slot-ttm"]
    assert ours.recall_1.value >= 0.85
    assert ours.recall_5.value >= 0.9
    assert ours.when_median_s <= 0.5
    assert ours.false_random.value <= 0.1
    assert ours.auroc >= 0.9
    assert ours.held_not_seen.value <= 0.2


def test_zeroed_memory_abstains(summaries):
    none = summaries["zeroed"]
    assert none.claimed.value == 0.0
    assert none.when_given.value == 0.0
    assert none.recall_1.value <= 0.06


def test_swapped_memory_is_followed(summaries):
    swapped = summaries["swapped"]
    assert swapped.recall_1.value <= 0.1
    assert swapped.follows.count >= 5
    assert swapped.follows.value >= 0.8


def test_question_only_is_chance(summaries):
    alone = summaries["question-only"]
    assert alone.recall_1.value <= 0.06  # 1 in 500
    assert alone.recall_5.value <= 0.1
    assert alone.auroc == 0.5
    assert alone.ece == pytest.approx(0.0)
    assert alone.when_median_s == math.inf


def test_recency_knows_the_last_seconds_only(summaries):
    recency = summaries["recency"]
    assert recency.recent_1.value >= 0.7
    assert recency.recall_1.value <= 0.5


def test_unlimited_never_forgets(summaries):
    assert summaries["unlimited"].recall_1.value >= 0.85
    assert summaries["unlimited"].evicted.value <= 0.05


def test_mean_pool_has_no_times(summaries):
    assert summaries["mean-pool"].when_given.value == 0.0
    assert summaries["mean-pool"].recall_1.value <= 0.3


def test_too_much_is_forgotten_and_said(banks):
    """More events than a ring of eight holds: what is gone may have been forgotten."""
    system = registry.FifoSystem(size=8)
    episode = make_episode(*banks, events=24, seconds=80.0, seed=5, held_out=True)
    memory = system.fold(episode)
    assert memory.keys.shape[0] == 8
    assert memory.lost > 0.5
    sights = episode.sights
    gone = [e for e in episode.events if not system.holds(memory, e, sights.sensor[e.sight])]
    assert len(gone) >= 16
    verdicts = [system.presence(memory, sights.text[e.sight])[1] for e in gone]
    assert verdicts.count("not_seen") == 0
    assert verdicts.count("may_have_forgotten") >= 0.8 * len(gone)


@pytest.fixture(scope="module")
def banks():
    return make_concepts(400, 256, 0.5, 0.25, 1), make_concepts(400, 256, 0.5, 0.25, 2)


def test_archived_and_working_events_read_alike(banks):
    """Far more events than event slots: the archive keeps what merging alone has lost."""
    episode = make_episode(*banks, events=45, seconds=130.0, seed=6, held_out=True, sound_share=0.0)
    held = {}
    for archive in (100, 0):
        layout = Layout(events=20, archive=archive, reserved_events=2)
        system = SlotSystem(layout=layout)
        memory = system.fold(episode)
        found = [
            system.holds(memory, event, episode.sights.sensor[event.sight])
            for event in episode.events
        ]
        held[archive] = sum(found)
        entries = slot_entries(memory.state, memory.layout)
        assert entries.keys.shape[0] == entries.start_s.shape[0]
        assert (entries.keys.shape[0] > layout.events) == (archive > 0)
        assert system.state_bytes(memory) == system.state_bytes(system.fold(_short(episode)))
    assert held[100] >= held[0] + 10


def test_folding_together_is_folding_alone(banks):
    made = [
        make_episode(*banks, events=8, seconds=26.0, seed=seed, held_out=True) for seed in (1, 2)
    ]
    system = SlotSystem()
    for together, episode in zip(system.fold_together(made), made, strict=True):
        alone = system.fold(episode).state.tensors()
        for name, tensor in together.state.tensors().items():
            assert torch.equal(tensor, alone[name]), name


def _short(episode):
    return type(episode)(
        episode.steps[:4], episode.events, episode.sights, episode.sounds, episode.length_s
    )


def _entries(*rows):
    """Rows of (basis vector, modality, start, end)."""
    return Entries(
        torch.stack([torch.eye(6)[at] for at, *_ in rows]),
        torch.tensor([m for _, m, *_ in rows], dtype=torch.int8),
        torch.tensor([a for _, _, a, _ in rows], dtype=torch.float64),
        torch.tensor([z for *_, z in rows], dtype=torch.float64),
        torch.zeros(len(rows)),
    )


def test_reading_by_hand():
    eye = torch.eye(6)
    held = _entries((0, 0, 1.0, 3.0), (1, 0, 3.2, 5.0), (2, 1, 1.0, 3.0), (0, 0, 20.0, 21.0))
    assert int(read_at(held, 2.0, eye).argmax()) == 0
    assert int(read_at(held, 3.5, eye).argmax()) == 1
    assert float(read_at(held, 12.0, eye).abs().max()) == 0.0
    assert int(read_beside(held, eye[2], eye).argmax()) == 0
    assert read_when(held, eye[1]) == 3.2
    # Steps of one occurrence are joined over a gap of less than two seconds, not over more.
    steps = _entries((0, 0, 4.0, 4.5), (0, 0, 5.0, 5.5), (1, 0, 5.0, 5.5), (0, 0, 1.0, 1.5))
    assert read_when(steps, eye[0]) in (1.0, 4.0)
    later = _entries((0, 0, 6.0, 6.5), (0, 0, 5.0, 5.5), (3, 0, 1.0, 1.5))
    assert read_when(later, eye[0]) == 5.0
    assert read_when(_entries((2, 1, 0.0, 1.0)), eye[0]) is None


def test_five_wordings_get_one_answer_and_a_deaf_parser_would_show(banks, monkeypatch):
    system = SlotSystem()
    episode = make_episode(*banks, events=30, seconds=110.0, seed=7, held_out=True)
    memory = system.fold(episode)
    groups = reworded(system, memory, episode, 24, 1, "train")
    assert len(groups) >= 18
    assert all(len(group.texts) == 5 and len(set(group.texts)) == 5 for group in groups)
    assert sum(group.same for group in groups) >= 0.9 * len(groups)
    from ttm_lab.evaluation import rewording

    monkeypatch.setattr(rewording, "understand", lambda _: Question("count"))
    deaf = reworded(system, memory, episode, 24, 1, "train")
    assert sum(group.same for group in deaf) == 0


def test_trained_systems_are_named_where_no_checkpoint_is(monkeypatch, tmp_path):
    monkeypatch.setattr(trained, "CHECKPOINTS", tmp_path)
    for name in trained.NAMES:
        with pytest.raises(trained.NoCheckpoint, match=name):
            registry.load(name)
    with pytest.raises(KeyError, match="slot-ttm"):
        registry.load("nothing")


@pytest.mark.parametrize(
    ("main", "given"), [(command.main, ["--tiny"]), (compare.main, ["--loads", "2"])]
)
def test_missing_checkpoints_are_told_in_one_line(monkeypatch, tmp_path, capsys, main, given):
    """As in an installed package, which leaves them out; nothing is measured before."""
    monkeypatch.setattr(trained, "CHECKPOINTS", tmp_path)
    assert main(given) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert told.count("\n") == 1
    assert f": no checkpoint of published-ttm, lstm, transformer in {tmp_path}: " in told
    assert told.endswith(" model/ttm_lab/checkpoints\n")


def test_a_checkpoint_that_is_not_the_pinned_one_is_refused(monkeypatch, tmp_path, capsys):
    (tmp_path / "lstm.safetensors").write_bytes(b"another")
    monkeypatch.setattr(trained, "CHECKPOINTS", tmp_path)
    assert command.main(["--tiny", "--systems", "fifo,lstm", "--workers", "1"]) == 2
    assert "is not the published file" in capsys.readouterr().err


def test_goals_that_did_not_run_are_not_reached():
    found = goals({}, None, None)
    assert found
    assert {goal.reached for goal in found} == {None}


def test_command_writes_json_and_plots(tmp_path, capsys):
    file, folder = tmp_path / "out.json", tmp_path / "plots"
    chosen = "fifo,recency,question-only"
    arguments = ["--tiny", "--systems", chosen, "--json", str(file), "--plots", str(folder)]
    assert command.main([*arguments, "--workers", "1", "--date", "2026-01-02"]) == 0
    text = capsys.readouterr().out
    assert "fifo" in text
    assert "2026-01-02" in text
    found = json.loads(file.read_text())
    assert found["machine"]["date"] == "2026-01-02"
    assert found["plan"]["seed"] == 0
    assert found["systems"]["fifo/24"]["recall_1"]["count"] == 48
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["recall_by_age.svg", "recall_by_intervening.svg", "reliability.svg"]
    for path in folder.iterdir():
        assert ElementTree.fromstring(path.read_text()).tag.endswith("svg")
    with pytest.raises(SystemExit) as stopped:
        command.main(["--systems", "nothing"])
    assert stopped.value.code == 2


def test_every_system_has_a_colour_of_its_own():
    assert len(set(COLOURS)) == len(COLOURS) >= len(registry.SYSTEMS)


def test_an_answer_uses_nothing_but_the_memory(banks):
    """The same memory answers the same after its episode is gone."""
    system = SlotSystem()
    episode = make_episode(*banks, events=12, seconds=40.0, seed=8, held_out=True)
    asked = questions(episode, 1, 50)
    memory = system.fold(episode)
    first = [system.at_time(memory, q.time_s, banks[0].text[q.candidates]) for q in asked.at_time]
    for inputs, _ in episode.steps:
        inputs.keys.zero_()
    again = [system.at_time(memory, q.time_s, banks[0].text[q.candidates]) for q in asked.at_time]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
