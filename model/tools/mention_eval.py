"""Measures whether memory knows what was mentioned: by the words, misheard, and by what was meant.

    python model/tools/mention_eval.py [PART ...]   the tables of docs/eval/words.md
    python model/tools/mention_eval.py --fit        the constants of words/meaning.py

An episode is a memory of utterances, 64 or more, drawn from `mention_sentences.txt`, as they are
written or as tiny.en understood them when they were spoken (`mention_heard.txt`).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ttm_model.encoders.text import TextEncoder
from ttm_model.nibbles import directions, pack
from ttm_model.slow import Utterance, Word
from ttm_model.words import meaning, spoken
from ttm_model.words.entry import Entry
from ttm_model.words.search import find
from ttm_model.words.state import WordsState, entries, said
from ttm_model.words.table import Table
from ttm_model.words.tokens import tokens

HERE = Path(__file__).parent
BACK = 64
EVERY_S, LONG_S = 5.0, 3.0


@dataclass(frozen=True)
class Topic:
    """What some sentences are about, and phrases that mean it."""

    phrases: tuple[str, ...]
    arguable: frozenset[str]  # words of other topics' sentences that might count


@dataclass(frozen=True)
class Sentence:
    """As it is written and as it was understood."""

    text: str
    heard: str
    topic: int


def load() -> tuple[list[Topic], list[Sentence]]:
    heard = (HERE / "mention_heard.txt").read_text(encoding="utf-8").splitlines()
    topics: list[Topic] = []
    sentences: list[Sentence] = []
    for line in (HERE / "mention_sentences.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("="):
            phrases, _, arguable = line[1:].partition("~")
            names = tuple(phrase.strip() for phrase in phrases.split(";"))
            topics.append(Topic(names, frozenset(arguable.split())))
        elif line and not line.startswith("#"):
            understood = heard[len(sentences)].partition("\t")[2]
            sentences.append(Sentence(line, understood, len(topics) - 1))
    return topics, sentences


class Memories:
    """Memories of texts, through the tier itself; each text is embedded once."""

    def __init__(self) -> None:
        self.text = TextEncoder()

    def of(self, texts: Sequence[str]) -> tuple[Entry, ...]:
        """What a memory of these, one after the other, has of them."""
        return entries(self.folded(texts))

    def folded(self, texts: Sequence[str]) -> WordsState:
        """The memory itself."""
        state = WordsState.initial()
        for number, text in enumerate(texts):
            start_s = EVERY_S * number
            parts = text.split()
            step_s = LONG_S / max(1, len(parts))
            words = tuple(
                Word(part, start_s + n * step_s, start_s + (n + 1) * step_s, 0.9)
                for n, part in enumerate(parts)
            )
            utterance = Utterance(text, start_s, start_s + LONG_S, words, "en", 0.9)
            state = said(state, utterance, self.text.encode([text])[0])
        return state


def content(text: str) -> list[str]:
    """Words that somebody might ask for."""
    return [
        token.text
        for token in tokens(text, "en")
        if token.text.isalpha() and len(token.text) > 2 and token.text not in meaning.FILLERS
    ]


def stems_of(texts: Sequence[str]) -> set[str]:
    return {stem for text in texts for token in tokens(text, "en") for stem in token.stems}


# --- "did anyone mention X" -----------------------------------------------------------------------


def measure_said(memories: Memories, sentences: list[Sentence], heard: bool, episodes: int) -> None:
    rng = random.Random(64)
    asked = {"said": 0, "not said": 0}
    hits = {(which, how): 0 for which in asked for how in ("exact", "fuzzy", "meaning")}
    for _ in range(episodes):
        drawn = rng.sample(sentences, BACK)
        rest = stems_of([sentence.text for sentence in drawn[1:]])
        every = rest | stems_of([drawn[0].text])
        there = [word for word in content(drawn[0].text) if not stems_of([word]) & rest]
        outside = [s for s in sentences if s not in drawn]
        absent = [w for s in outside for w in content(s.text) if not stems_of([w]) & every]
        memory = memories.of([s.heard if heard else s.text for s in drawn])
        for which, words in (("said", there), ("not said", absent)):
            if not words:
                continue
            asked[which] += 1
            found = find(memory, rng.choice(words), memories.text)
            if which == "said":
                found = tuple(m for m in found if m.entry.start_s == 0.0)
            best = {m.how for m in found}
            for how in ("exact", "fuzzy", "meaning"):
                if how in best:
                    hits[which, how] += 1
                    break  # the surest way counts
    kind = "as tiny.en heard them" if heard else "as written"
    print(f"\nutterances {kind}, {BACK} back, {asked['said']} said and {asked['not said']} not")
    for which, count in asked.items():
        parts = ", ".join(
            f"{how} {hits[which, how] / count:.3f}" for how in ("exact", "fuzzy", "meaning")
        )
        print(f"  {which}: {parts}")


# --- by what is meant -----------------------------------------------------------------------------


def scores(
    memories: Memories, topics: list[Topic], sentences: list[Sentence]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[tuple[str, int]]]:
    """Cosines (queries, sentences, 2), which are about it, which count, and the queries."""
    queries = [(phrase, at) for at, topic in enumerate(topics) for phrase in topic.phrases]
    memory = [memories.of([sentence.text])[0] for sentence in sentences]
    found = np.zeros((len(queries), len(sentences), 2))
    about = np.zeros(found.shape[:2], bool)
    counts = np.ones(found.shape[:2], bool)
    for row, (phrase, at) in enumerate(queries):
        alike = meaning.cosines(memory, phrase, memories.text.encode)
        found[row] = [(whole, word) for whole, word, _ in alike]
        for column, sentence in enumerate(sentences):
            about[row, column] = sentence.topic == at
            arguable = topics[at].arguable & {token.text for token in tokens(sentence.text, "en")}
            counts[row, column] = about[row, column] or not arguable
    return found, about, counts, queries


def episodes_of(
    about: np.ndarray, counts: np.ndarray, row: int, rng: np.random.Generator, times: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Memories of one query: one sentence about it and 63 that are not; and 64 that are not."""
    positive = np.flatnonzero(about[row])
    negative = np.flatnonzero(~about[row] & counts[row])
    drawn = []
    for _ in range(times):
        others = rng.choice(negative, BACK, replace=False)
        drawn.append((np.append(others[:-1], rng.choice(positive)), others))
    return drawn


def fit(found: np.ndarray, about: np.ndarray, counts: np.ndarray, rows: Sequence[int]) -> None:
    """Logistic regression of what is looked at in memories of which half are about the query."""
    rng = np.random.default_rng(1)
    inputs, labels = [], []
    for row in rows:
        for pair in episodes_of(about, counts, row, rng, 20):
            for memory in pair:
                first = memory[np.argsort(-found[row, memory, 0])[: meaning.LOOKED_AT]]
                inputs.append(found[row, first])
                labels.append(about[row, first])
    x = torch.tensor(np.concatenate(inputs))
    y = torch.tensor(np.concatenate(labels), dtype=torch.float64)
    weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200)

    def closure() -> Tensor:
        optimizer.zero_grad()
        logits = x @ weights[:2] + weights[2]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y)
        loss.backward()
        return loss

    optimizer.step(closure)
    print("WHOLE, WORD, BIAS =", [round(weight, 2) for weight in weights.tolist()])


def measure_meaning(
    found: np.ndarray, about: np.ndarray, counts: np.ndarray, rows: Sequence[int], name: str
) -> None:
    rng = np.random.default_rng(2)
    told, right, asked, false, sure = 0, 0, 0, 0, []
    for row in rows:
        for with_one, without in episodes_of(about, counts, row, rng, 20):
            asked += 1
            for memory in (with_one, without):
                first = memory[np.argsort(-found[row, memory, 0])[: meaning.LOOKED_AT]]
                p = np.array([meaning.probability(*found[row, at]) for at in first])
                likely = p >= meaning.LIKELY
                sure += [(value, bool(about[row, at])) for value, at in zip(p, first, strict=True)]
                if memory is with_one:
                    right += bool((likely & about[row, first]).any())
                else:
                    false += bool(likely.any())
                told += int(likely.sum())
    hits = sum(hit for value, hit in sure if value >= meaning.LIKELY)
    print(
        f"  {name}: found {right / asked:.3f}, told where nothing is about it {false / asked:.3f}, "
        f"of what is told {hits / max(1, told):.3f} is about it ({asked} questions of each)"
    )
    for low, high in ((0.5, 0.7), (0.7, 0.85), (0.85, 1.01)):
        part = [hit for value, hit in sure if low <= value < high]
        if part:
            print(f"    told {low} to {min(high, 1)}: {np.mean(part):.2f} right of {len(part)}")


def measure_keys(memories: Memories, sentences: list[Sentence], topics: list[Topic]) -> None:
    exact = memories.text.encode([sentence.text for sentence in sentences])
    kept = directions(pack(exact)[0])
    queries = [(phrase, at) for at, topic in enumerate(topics) for phrase in topic.phrases]
    wanted = memories.text.encode([phrase for phrase, _ in queries])
    about = np.array([[s.topic == at for s in sentences] for _, at in queries])
    for name, keys in (("float32", exact), ("4 bits", kept)):
        print(f"  {name}: AUROC {auroc((wanted @ keys.T).numpy(), about):.4f}")
    print(
        f"  cosine of a key with itself in 4 bits: {float((exact * kept).sum(1).min()):.3f} or more"
    )


def auroc(score: np.ndarray, about: np.ndarray) -> float:
    order = np.argsort(np.argsort(np.concatenate((score[about], score[~about]))))
    count = int(about.sum())
    ranks = order[:count].sum() + count
    return float((ranks - count * (count + 1) / 2) / count / int((~about).sum()))


# --- what is kept when there is no room -----------------------------------------------------------

SMALL_TALK = ("Yes.", "Okay.", "Right.", "I see.", "Yeah, sure.", "Thank you.", "Hm, okay.", "No.")


class FirstInFirstOut(Table):
    """The rule compared with: whatever ended first goes."""

    def oldest(self) -> list[int]:
        """Only the one that ended first."""
        return super().oldest()[:1]


def measure_room(memories: Memories, sentences: list[Sentence], talks: int) -> None:
    """Which sentences are still there where every third utterance is small talk."""
    for name, table in (
        ("the least new of the oldest quarter", Table),
        ("oldest", FirstInFirstOut),
    ):
        kept: dict[int, list[bool]] = {}
        floors = []
        for talk in range(talks):
            rng = random.Random(talk)
            texts = [s.text for s in rng.sample(sentences, len(sentences))]
            stream: list[str] = []
            while texts:
                stream.append(rng.choice(SMALL_TALK) if rng.random() < 1 / 3 else texts.pop())
            start = WordsState(table.initial(spoken.COLUMNS), WordsState.initial().written)
            state = start
            for number, text in enumerate(stream):
                utterance = Utterance(text, EVERY_S * number, EVERY_S * number + 3, (), "en", 0.9)
                state = said(state, utterance, memories.text.encode([text])[0])
            there = {entry.text for entry in entries(state)}
            for number, text in enumerate(stream):
                age = len(stream) - number
                if text not in SMALL_TALK and age > 150:
                    kept.setdefault(age // 25 * 25, []).append(text in there)
            floors.append(len(stream) - state.spoken.floor_s / EVERY_S)
        shares = ", ".join(f"{age}+: {np.mean(kept[age]):.2f}" for age in sorted(kept))
        print(f"  {name} goes: sentences kept by age in utterances {shares};")
        print(f"    everything is there of the last {np.mean(floors):.0f} utterances")


PARTS = ("said", "meaning", "keys", "room")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--episodes", type=int, default=400)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them, if none")
    options = parser.parse_args()
    topics, sentences = load()
    memories = Memories()
    parts = options.parts or PARTS
    if "said" in parts and not options.fit:
        for heard in (False, True):
            measure_said(memories, sentences, heard, options.episodes)
    if "meaning" in parts or options.fit:
        found, about, counts, queries = scores(memories, topics, sentences)
        even = [row for row, (_, topic) in enumerate(queries) if topic % 2 == 0]
        odd = [row for row, (_, topic) in enumerate(queries) if topic % 2 == 1]
        if options.fit:
            fit(found, about, counts, even)
            return
        print("\nby meaning")
        measure_meaning(found, about, counts, even, "topics that set the limits")
        measure_meaning(found, about, counts, odd, "other topics")
    if "keys" in parts:
        print("\nkeys")
        measure_keys(memories, sentences, topics)
    if "room" in parts:
        print("\nroom")
        measure_room(memories, sentences, 3)


if __name__ == "__main__":
    main()
