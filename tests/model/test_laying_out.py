"""A state laid out for the reader: working and archived events alike, persons, looks, floors."""

import pytest
import torch

from ttm_model.looks import Looks
from ttm_model.reader.events import grouped
from ttm_model.reader.laying_out import view
from ttm_model.reader.scoring import Scorer
from ttm_model.reader.view import NO_CLASS, PhraseWeights
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.rule import S0Rule
from ttm_model.ttm.slot_write import slot_write
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens

LAYOUT = Layout()
NAMES = ("cup", "cat", "dog", "boat")


class Space:
    """Classes that are the first directions of a key."""

    names = NAMES

    def decode(self, keys):
        return keys[:, : len(NAMES)].softmax(dim=-1)

    def everyday(self, cls):
        return NAMES[cls]

    def naming(self, share):
        return share

    def phrase(self, phrase):
        """Every kind covers the last class, which NO_CLASS would be as an index."""
        return PhraseWeights(torch.tensor([0.0, 0.0, 0.0, 1.0]), 1.0)


SPACES = {"video": Space(), "audio": Space()}
LOOKS = Looks((51, 0, 102, 255), (0, 0, 0, 200, 0, 0, 0, 55, 0, 0, 0))


def written(kinds, looks=LOOKS):
    """A memory of one event of each kind, five seconds apart."""
    state = MemoryState.initial(1, LAYOUT)
    for i, kind in enumerate(kinds):
        tokens = InputTokens.empty(1, 1, LAYOUT.dim)
        key = torch.randn(LAYOUT.dim, generator=torch.Generator().manual_seed(i))
        tokens.keys[0, 0] = key / key.norm()
        tokens.modality.fill_(int(kind))
        tokens.salience.fill_(0.75)
        tokens.start_s.fill_(5.0 * i)
        tokens.end_s.fill_(5.0 * i + 0.5)
        tokens.looks[0, 0] = torch.tensor(list(looks.to_bytes()), dtype=torch.uint8)
        tokens.clock_s.fill_(5.0 * i + 0.5)
        mask = torch.ones(1, 1, dtype=torch.bool)
        after, _, _ = slot_write(state, tokens, mask, LAYOUT, S0Rule())
        state = after.updated(clock_s=tokens.clock_s)
    return state


@pytest.fixture(scope="module")
def memory():
    """Sights, sounds and persons in turns, twice as many as there are working slots."""
    return view(written(list(Modality)[1:] * (LAYOUT.events // 3 * 2)), LAYOUT, SPACES)


def test_every_event_is_a_slot_of_its_own_by_start(memory):
    assert [slot.start_s for slot in memory.events] == [5.0 * i for i in range(48)]
    assert len({slot.index for slot in memory.events}) == 48
    archived = [slot for slot in memory.events if slot.index >= LAYOUT.tokens]
    assert [slot.start_s for slot in archived] == [5.0 * i for i in range(24)]


def test_archived_events_keep_their_key_nearly_and_their_looks_wholly(memory):
    for i, slot in enumerate(memory.events):
        key = torch.randn(LAYOUT.dim, generator=torch.Generator().manual_seed(i))
        assert float(torch.cosine_similarity(slot.key, key, dim=0)) > 0.98
        assert slot.looks == LOOKS
        assert slot.evidence.box == (0.2, 0.0, 0.4, 1.0)
        assert slot.evidence.colours == ("red",)


def test_a_person_is_told_as_one_and_has_no_class(memory):
    assert len(memory.persons) == 16
    for slot in memory.persons:
        assert (slot.modality, slot.label, slot.name, slot.best) == (
            "video", "person", "person", NO_CLASS,
        )  # fmt: skip
        assert slot.name_p == pytest.approx(0.75)
        assert not slot.posterior.any()
        assert len(slot.posterior) == len(NAMES)
        assert slot.evidence.name == "person"


def test_a_person_is_not_of_the_last_class_and_is_grouped_by_its_name(memory):
    assert not Scorer(memory, SPACES).is_kind(memory.persons[0], "boat")
    groups = [group for group in grouped(memory.events) if group.name == "person"]
    assert [group.count for group in groups] == [16]


def test_what_is_not_known_of_its_looks_is_not_told():
    unknown = Looks((0, 0, 0, 0), (0,) * 11)
    slot = view(written([Modality.VIDEO], unknown), LAYOUT, SPACES).events[0]
    assert slot.looks is None
    assert (slot.evidence.box, slot.evidence.colours) == (None, ())


def test_persons_have_a_floor_of_their_own():
    held = LAYOUT.events + LAYOUT.archive
    memory = view(written([Modality.PERSON] * (held + 2)), LAYOUT, SPACES)
    assert memory.people_floor_s == 5.5
    assert memory.coverage_since_s("video") == 0.0
    assert memory.coverage_since_s(None) == 5.5


def test_what_was_taught_and_said_is_empty_where_nothing_was():
    memory = view(written([Modality.VIDEO]), LAYOUT, SPACES)
    assert (memory.words, memory.things, memory.words_until_s) == ((), (), 0.0)
    assert [slot.taught for slot in memory.events] == [""]
