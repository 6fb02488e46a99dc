"""What the server answers over REST, as typed values: declared here once, for every side.

Gateway, worker, model, Python client and MCP server share these; each field's docstring is its
description in the OpenAPI document. Times are media-clock seconds. Whoever reads one ignores
fields that it does not know. Knows no connection, no model and no store.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec
from annotated_types import Interval

from ttm_protocol.errors import ProtocolError

T = TypeVar("T")

State = Literal["answered", "not_seen", "may_have_forgotten", "cannot_tell", "not_received"]
ModalityName = Literal["video", "audio"]
EvidenceModality = Literal["video", "audio", "speech", "text", "gap"]
SenseKind = Literal["sight", "sound", "speech", "reading", "people"]
WordsKind = Literal["speech", "text"]
SessionStatus = Literal["live", "idle", "ended", "quarantined"]
Probability = Annotated[float, Interval(ge=0, le=1)]  # checked where an answer is validated


class _Told:
    """What pydantic, which is not imported here, has to know of each class that is documented."""

    __slots__ = ()
    __pydantic_config__: ClassVar = {
        "json_schema_serialization_defaults_required": True,  # every field is always told
        "allow_inf_nan": False,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(_Told):
    """An entry of memory: what was noticed, when, how often, and in which slot."""

    modality: EvidenceModality
    """The sense; `gap` stands for media that memory did not get."""
    label: str
    """The class that the model gives it, exactly: "Egyptian cat"."""
    start_s: float
    """Where it begins."""
    end_s: float
    """Where it ends."""
    score: float
    """Probability that `label` is right; the same number wherever this entry is shown."""
    count: int
    """How many separate times it was noticed."""
    slot: int
    """Number of the memory slot."""
    name: str = ""
    """The everyday word for `label`: "cat"; empty where there is none."""
    text: str = ""
    """The words themselves, of modality `speech` (said) or `text` (written)."""
    box: tuple[float, float, float, float] | None = None
    """Left, top, right, bottom as shares of the picture; null where the place is not known."""
    colours: tuple[str, ...] = ()
    """Basic colours seen in the box, the largest share first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When(_Told):
    """When it was, on the media clock."""

    ago_s: float
    """Seconds before the answer's `as_of_s`."""
    start_s: float
    """Where it begins."""
    end_s: float
    """Where it ends."""
    uncertainty_s: float
    """The times may be off by this much."""
    wall_clock: str | None = None
    """The start as date and time (RFC 3339, UTC), where the stream came in live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative(_Told):
    """What else it may have been, and how probably."""

    text: str
    """The other name."""
    p: float
    """Its probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMedia(_Told):
    """A stretch of media that memory did not get."""

    t0: float
    """Where it begins."""
    t1: float
    """Where it ends."""
    reason: str
    """Why: `backpressure`, `late_audio`, `bad_picture` and others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(_Told):
    """An answer from memory alone, with its evidence, or an honest refusal."""

    question: str
    """The question as it was asked."""
    state: State
    """`not_seen`: nothing like it in memory, and nothing relevant was evicted.
    `may_have_forgotten`: the time lies before `coverage_since_s`, or a matching entry was evicted
    or merged. `cannot_tell`: a kind of question, or a thing, that memory has no means to know.
    `not_received`: no picture or no sound came in that time at all."""
    answer: str
    """One or more sentences in the language of the question."""
    confidence: Probability
    """Probability that the answer is right; 0 where none was given."""
    when: When | None = None
    """When the answer's thing was, where it is about one."""
    evidence: tuple[Evidence, ...] = ()
    """The entries of memory that the answer rests on."""
    alternatives: tuple[Alternative, ...] = ()
    """What else the answer's thing may have been."""
    as_of_seq: int = 0
    """The last chunk that memory held when it answered."""
    as_of_s: float = 0.0
    """The media clock at the end of that chunk."""
    coverage_since_s: float = 0.0
    """Since when nothing has been evicted."""
    gaps: tuple[MissingMedia, ...] = ()
    """Missing media that may matter to the answer."""
    words_until_s: float | None = None
    """Until when speech has been understood, where the answer rests on words; null elsewhere."""

    def __str__(self) -> str:
        """The sentence alone."""
        return self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline(_Told):
    """What memory holds, decoded."""

    events: tuple[Evidence, ...]
    """Every entry, by start."""
    coverage_since_s: float = 0.0
    """Since when nothing has been evicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryItem(_Told):
    """One kind of thing in a stretch of time."""

    modality: ModalityName
    """The sense."""
    name: str
    """The everyday word for it."""
    count: int
    """How many separate times it was noticed in the stretch."""
    first_s: float
    """Where the first of them begins."""
    last_s: float
    """Where the last of them ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch(_Told):
    """A stretch of time and what was in it."""

    start_s: float
    """Where it begins."""
    end_s: float
    """Where it ends."""
    items: tuple[SummaryItem, ...]
    """By first appearance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(_Told):
    """What happened, by stretches of time."""

    text: str
    """The summary in sentences."""
    since_s: float
    """Where it begins."""
    until_s: float
    """Where it ends."""
    stretches: tuple[Stretch, ...]
    """Stretches with something in them, by start."""
    background: tuple[str, ...]
    """What was there nearly all the time."""
    stood_out: tuple[Evidence, ...]
    """What differed most from the rest, surest first."""
    as_of_s: float = 0.0
    """The media clock when it was made."""
    coverage_since_s: float = 0.0
    """Since when nothing has been evicted; before it a summary is not complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught(_Told):
    """What a name was bound to."""

    name: str
    """The name, as it was given."""
    examples: int
    """How many examples of it are kept now, this one included."""
    modality: ModalityName
    """The sense in which it was found: `video` (seen) or `audio` (heard)."""
    start_s: float
    """Where the example begins."""
    end_s: float
    """Where it ends."""
    label: str
    """The class that the model gives the example by itself; it need not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(_Told):
    """A thing that was taught by name."""

    name: str
    """The name, as it was given."""
    examples: int
    """How many examples of it are kept."""
    modality: ModalityName
    """The sense that knows it."""
    taught_at_s: float
    """The media clock when it was taught last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Things(_Told):
    """The things that were taught."""

    things: tuple[Thing, ...]
    """Every one, by when it was first taught."""
    limit: int
    """So many things have room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord(_Told):
    """One word and when it was said."""

    text: str
    """The word."""
    start_s: float
    """Where it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage(_Told):
    """Something that was said, or a line that was read, in its own words."""

    kind: WordsKind
    """`speech`: said; `text`: written."""
    text: str
    """The words, as they were understood."""
    start_s: float
    """Where it begins."""
    end_s: float
    """Where it ends."""
    p: Probability
    """How sure the words are."""
    count: int
    """How many separate times it was noticed."""
    language: str
    """ISO 639-1; empty where it is not known, as of a written line."""
    words: tuple[TimedWord, ...] = ()
    """Each word with its time; empty of a written line, and where only the text is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsCoverage(_Told):
    """Since when all words are kept, by kind."""

    speech: float
    """Since when nothing that was said has been let go."""
    text: float
    """Since when nothing that was read has been let go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(_Told):
    """What was said and what was read, as far as memory holds it."""

    words: tuple[Passage, ...]
    """Every passage, by start."""
    coverage_since_s: WordsCoverage
    """Since when all of them are kept."""
    words_until_s: float | None = None
    """Until when speech has been understood; null where this server does not listen for words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo(_Told):
    """Which model made the memory; null before the first chunk has been applied."""

    preset: str | None = None
    """The set of senses: `lite`."""
    checkpoint: str | None = None
    """The weights."""
    schema: str | int | None = None
    """Name of the memory's layout and meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryInfo(_Told):
    """The memory's fixed size; all but bytes is null before the first chunk has been applied."""

    tokens: int | None = None
    """How many working tokens it has; they are its first slots."""
    dim: int | None = None
    """How long each of them is."""
    places: int | None = None
    """How many older events it holds in few bits besides, each in a slot after those."""
    bytes: int = 0
    """Size of the committed state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo(_Told):
    """One session: where its stream and its memory stand."""

    session_id: str
    """Names it in every call."""
    status: SessionStatus
    """`live`: a client is connected; `idle`: none is; `ended`: it sent `end` and all is applied;
    `quarantined`: its next chunk ended its worker again and again, it is set aside for a while and
    takes neither chunks nor questions."""
    created_at: float
    """Unix seconds."""
    durable_seq: int
    """Every chunk up to this one survives a crash."""
    applied_seq: int
    """Every chunk up to this one is in memory."""
    lag_chunks: int
    """Chunks that wait for a worker: `durable_seq` less `applied_seq`."""
    media_s: float
    """Seconds of media in memory."""
    gaps: tuple[MissingMedia, ...] = ()
    """Media that memory did not get, oldest first."""
    model: ModelInfo = ModelInfo()
    """Which model made the memory."""
    tiered: bool = False
    """Whether the memory was moved out of the store; it comes back with the next question or
    chunk."""
    memory: MemoryInfo = MemoryInfo()
    """The memory's size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassKind(_Told):
    """Classes of one kind, and their everyday names."""

    name: str
    """The kind: "animals"."""
    count: int
    """How many classes are of it."""
    classes: tuple[str, ...]
    """Their names, by alphabet; fewer than `count` where several share a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense(_Told):
    """One sense of the server and what it can recognise."""

    sense: SenseKind
    """Which."""
    on: bool
    """Whether this server runs with it."""
    about: str
    """What it recognises and what it does not, in a sentence or two."""
    classes: int = 0
    """How many classes it tells apart; 0 where it does not go by classes, as speech."""
    kinds: tuple[ClassKind, ...] = ()
    """The classes by kind, the largest first; one class may be of several."""
    examples: tuple[str, ...] = ()
    """Questions that it lets memory answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary(_Told):
    """What this server's senses can recognise."""

    preset: str
    """The set of senses: `lite`."""
    senses: tuple[Sense, ...]
    """Each of them, those that are switched off included."""


def to_plain(value: Any) -> Any:
    """JSON-ready values of an answer, floats rounded to a thousandth.

    `value` is one of the classes above.
    """
    return _rounded(asdict(value))


def from_plain(plain: Any, kind: type[T]) -> T:
    """The typed value of a JSON body; fields that `kind` does not have are ignored.

    Raises ProtocolError naming the field where it is none.
    """
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"the server's answer: {error}", field="answer") from error


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value
