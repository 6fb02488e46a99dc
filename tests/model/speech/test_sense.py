"""The recogniser: real sentences give their words in time, and what is no speech gives none."""

import math
import socket
from dataclasses import replace

import numpy as np
import pytest

from model.speech.sounds import RATE, chunks, clip, flat, fold, quiet
from ttm_model.encoders.weights import PinnedWeights
from ttm_model.errors import ModelError, WeightsError
from ttm_model.slow import Heard, Job, JobMedia
from ttm_model.speech import weights
from ttm_model.speech.segmenter import Segmenter
from ttm_model.speech.sense import Limits, SpeechSense, believed, repeated
from ttm_model.speech.whisper import Decoded, Token, Whisper

YOUNG_MAN = "he was not an ill disposed young man"
LEISURE = (
    "and mr john dashwood had then leisure to consider how much there might be prudently "
    "in his power to do for them"
)


@pytest.fixture(scope="module")
def tiny():
    return SpeechSense("tiny.en")


@pytest.fixture(scope="module")
def base():
    return SpeechSense("base")


def heard(sense, sound, start_s=0.0):
    job = Job("speech", 1, start_s, start_s + len(sound) / RATE, start_s + 12.0)
    return sense.find(job, JobMedia(audio=sound))


def plain(found):
    words = [word.text.lower() for each in found.utterances for word in each.words]
    return " ".join(words).replace("-", " ")


def test_a_recorded_sentence_gives_its_words(tiny):
    (found,) = heard(tiny, clip("speech/leisure.opus")).utterances
    assert plain(Heard((found,))) == LEISURE
    assert found.language == "en"
    assert found.p > 0.8
    assert found.text.startswith("And Mr. John Dashwood")


def test_base_hears_by_itself_that_it_is_english(base):
    found = heard(base, clip("speech/leisure.opus"))
    assert plain(found) == LEISURE
    assert found.utterances[0].language == "en"


def test_words_have_their_times_on_the_media_clock(tiny):
    sound = np.concatenate([quiet(1.0), clip("speech/leisure.opus"), quiet(0.5)])
    ((found,), (later,)) = (heard(tiny, sound, at).utterances for at in (0.0, 100.0))
    assert [word.start_s + 100 for word in found.words] == pytest.approx(
        [word.start_s for word in later.words]
    )
    starts = [word.start_s for word in found.words]
    assert starts == sorted(starts)
    assert all(word.start_s <= word.end_s <= 8.6 for word in found.words)
    # By ear: "leisure" is said 3.0 to 3.5 s into the recording, "power" 5.6 to 6.0 s.
    times = {word.text: (word.start_s - 1, word.end_s - 1) for word in found.words}
    for said, start_s, end_s in (("leisure", 2.1, 2.7), ("power", 5.6, 6.0)):
        assert abs(times[said][0] - start_s) < 0.4
        assert abs(times[said][1] - end_s) < 0.4
    assert (found.start_s, found.end_s) == (found.words[0].start_s, found.words[-1].end_s)


def test_the_same_sound_gives_the_same_finding_in_every_instance(tiny):
    sound = clip("speech/young_man.opus")
    first = heard(tiny, sound)
    heard(tiny, clip("speech/leisure.opus"))  # nothing of another job is left behind
    assert heard(tiny, sound) == first == heard(SpeechSense("tiny.en"), sound)


def test_a_sentence_through_the_segmenter_keeps_its_first_and_last_word(tiny):
    sound = np.concatenate([quiet(0.7), clip("speech/young_man.opus"), quiet(1.5)])
    ((start_s, end_s),) = flat(fold(Segmenter(), chunks(sound))[1])
    found = heard(tiny, sound[round(start_s * RATE) : round(end_s * RATE)], start_s)
    said = plain(found).split()
    assert said[0] == "he"
    assert said[-1] == "man"
    assert 0.7 <= found.utterances[0].start_s < found.utterances[0].end_s <= end_s


def test_words_at_a_cut_are_neither_lost_nor_doubled(base):
    """Sentences without a pause for 18 s: pieces of at most 7.5 s hold every word once."""
    leisure, man = clip("speech/leisure.opus"), clip("speech/young_man.opus")
    sound = np.concatenate([quiet(0.4), leisure, man, leisure, quiet(1.0)])
    pieces = flat(fold(Segmenter(), chunks(sound))[1])
    assert len(pieces) >= 3
    found = [plain(heard(base, sound[round(a * RATE) : round(b * RATE)], a)) for a, b in pieces]
    said = " ".join(found).split()
    wanted = f"{LEISURE} {YOUNG_MAN} {LEISURE}".split()
    assert said.count("dashwood") == 2
    assert said.count("power") == 2
    assert said.count("young") == 1
    assert abs(len(said) - len(wanted)) <= 2


@pytest.mark.parametrize("level", [0.0, 1e-4, 0.1])
@pytest.mark.parametrize("name", ["tiny", "base"])
def test_silence_and_noise_have_no_words(request, name, level):
    for seconds in (0.6, 7.5):
        assert heard(request.getfixturevalue(name), quiet(seconds, level)) == Heard()


@pytest.mark.parametrize("name", ["guitar", "bell", "till", "crow"])
def test_what_sounds_without_a_voice_has_no_words(tiny, name):
    assert heard(tiny, clip(f"sound/{name}.opus")[: 7 * RATE]) == Heard()


def test_a_doubt_is_what_keeps_them_out():
    """The same decoder, believed whatever it writes, does invent."""
    gullible = SpeechSense("tiny.en", limits=Limits(-1e9, 2.0, -1e9, 2.0, -1e9))
    assert heard(gullible, quiet(2.0, 1e-2)).utterances


def test_no_sound_and_next_to_none_are_nothing(tiny):
    job = Job("speech", 1, 0.0, 1.0, 3.0)
    assert tiny.find(job, JobMedia()) == Heard()
    assert tiny.find(job, JobMedia(audio=np.zeros(100, np.float32))) == Heard()


def test_too_long_a_sound_is_refused_with_the_limit(tiny):
    with pytest.raises(ModelError, match="at most 10 s"):
        heard(tiny, quiet(10.5))


def test_a_language_that_the_model_does_not_know_is_refused():
    with pytest.raises(ModelError, match=r"tiny.en does not know 'de'"):
        SpeechSense("tiny.en", "de")
    with pytest.raises(ModelError, match="does not know 'xx'"):
        SpeechSense("base", "xx")


def test_a_set_language_is_kept_to(base):
    found = heard(SpeechSense("base", "en"), clip("speech/young_man.opus"))
    assert found == heard(base, clip("speech/young_man.opus"))


@pytest.mark.parametrize(
    ("log_p", "no_speech", "words", "is_believed"),
    [
        (-1.6, 0.1, "press one now", True),
        (-1.8, 0.1, "press one now", False),
        (-0.7, 0.9, "press one now", True),
        (-0.9, 0.9, "press one now", False),
        (-0.4, 0.1, "oh oh oh oh", True),
        (-0.6, 0.1, "oh oh oh oh", False),
        (-0.6, 0.1, "no no no", True),
        (-0.1, 0.1, "", False),
    ],
)
def test_what_is_believed(log_p, no_speech, words, is_believed):
    decoded = Decoded((Token(1, math.exp(log_p), 0.0, 1.0),), no_speech)
    assert believed(decoded, words.split(), Limits()) == is_believed


def test_repetition_counts_phrases_too():
    assert repeated(["i", "am", "here"] * 4) == pytest.approx(0.75)
    assert repeated(["F-F-F-F-F-F"]) == pytest.approx(5 / 6)
    assert repeated(YOUNG_MAN.split()) == 0.0
    assert repeated([]) == 0.0


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
def test_every_file_of_a_recogniser_is_trusted_by_its_hash_only(tmp_path, monkeypatch, name):
    files = weights.RECOGNISERS["tiny.en"].files
    mirror = tmp_path / "another_mirror"
    mirror.mkdir()
    (mirror / "__init__.py").touch()
    (mirror / name).write_bytes(files[name].pinned.locate().read_bytes()[:1000])
    monkeypatch.syspath_prepend(tmp_path)
    other = replace(files[name], places=(f"another_mirror/{name}",))
    with pytest.raises(WeightsError, match=f"{name} is not the published file"):
        Whisper(weights.Recogniser("tiny.en", {**files, name: other}))


def test_parts_joined_must_be_the_published_model():
    files = weights.RECOGNISERS["base"].files
    model = files["model.bin"]
    swapped = replace(model, places=model.places[::-1])
    with pytest.raises(WeightsError, match=r"part2 and .*part1 is not the published file"):
        weights.contents(weights.Recogniser("base", {**files, "model.bin": swapped}))


def test_a_missing_file_is_named(tmp_path):
    pinned = PinnedWeights("whisper", "0" * 64, lambda: tmp_path / "gone.bin")
    with pytest.raises(WeightsError, match=r"whisper: cannot read .*gone\.bin"):
        weights.content(pinned)


def test_the_network_is_never_asked(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    sense = SpeechSense("base")
    assert plain(heard(sense, clip("speech/leisure.opus"))) == LEISURE


def test_a_probability_is_one(tiny):
    (found,) = heard(tiny, clip("speech/leisure.opus")).utterances
    assert 0 < found.p <= 1
    assert all(0 <= word.p <= 1 and math.isfinite(word.start_s) for word in found.words)
