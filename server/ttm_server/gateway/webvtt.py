"""Words as WebVTT (W3C), the format of captions. Knows no session and no connection."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ttm_protocol.answers import Passage, Words

MEDIA_TYPE = "text/vtt"
_SHORTEST_S = 0.001  # a cue has to end after it began


def webvtt(words: Words) -> str:
    """A WebVTT file: a cue for each passage, by start; written lines are in the class `written`."""
    return "\n\n".join(("WEBVTT", *_notes(words), *map(_cue, words.words))) + "\n"


def _notes(words: Words) -> Iterator[str]:
    since = words.coverage_since_s
    if since.speech > 0.0 or since.text > 0.0:
        yield f"NOTE\ncomplete since {_clock(since.speech)} (said), {_clock(since.text)} (written)"
    if words.words_until_s is not None:
        yield f"NOTE\nspeech is known up to {_clock(words.words_until_s)}"


def _cue(passage: Passage) -> str:
    end_s = max(passage.end_s, passage.start_s + _SHORTEST_S)
    return f"{_clock(passage.start_s)} --> {_clock(end_s)}\n{_text(passage)}"


def _text(passage: Passage) -> str:
    """The words; where each has its time, players may show them one by one."""
    if passage.kind == "text":
        return f"<c.written>{_plain(passage.text)}</c>"
    if not passage.words:
        return _plain(passage.text)
    first, *others = passage.words
    last_s, told = passage.start_s, [_plain(first.text)]
    for word in others:
        timed = last_s < word.start_s < passage.end_s  # times inside a cue have to grow
        told.append(f"<{_clock(word.start_s)}>{_plain(word.text)}" if timed else _plain(word.text))
        last_s = word.start_s if timed else last_s
    return " ".join(told)


def _plain(text: str) -> str:
    return escape(" ".join(text.split()), quote=False)


def _clock(seconds: float) -> str:
    """Hours, minutes, seconds and milliseconds, as WebVTT writes them."""
    whole, thousandths = divmod(round(1000 * seconds), 1000)
    minutes, whole = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{whole:02}.{thousandths:03}"
