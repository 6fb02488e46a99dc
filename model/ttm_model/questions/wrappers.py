"""Takes polite frames off a question: "could you tell me whether ...". It knows no things."""

import re
from dataclasses import dataclass

from ttm_model.questions.frames import frame_length
from ttm_model.questions.lexicon import AUX, WH
from ttm_model.questions.wordlist import listed


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The inner words. `recalled`: it was framed as remembering; `alert`: as "tell me when".

    `linked`: "if" or "whether" stood between the frame and the rest.
    """

    words: list[str]
    recalled: bool = False
    alert: bool = False
    linked: bool = False


def _lines(text: str) -> list[tuple[str, ...]]:
    return sorted((tuple(line.split()) for line in text.split("|")), key=len, reverse=True)


_FILLERS = _lines(
    "hiya|yo|just checking|just wondering|quick check|quick one|random question|silly question"
    "|dumb question|heya|howdy|good day|mate|guys|alexa|siri|excuse me please|sorry but|one thing"
    "|another thing|another one|next one|next|first of all ,|as a matter of fact|to be honest"
    "|actually just|no wait|wait|anyway|anyways|lol|erm so|umm|ummm|uhm|right so|now then"
    "|hey|hi|hello|ok|okay|so|um|uh|er|erm|well|and|but|then|also|please|thanks|sorry|excuse me"
    "|listen|just|quick question|question|kindly|oh|ah|hmm|hm|alright|right"
    "|good morning|good evening|good afternoon|roughly|exactly|approximately"
    "|precisely|,|actually|hi there"
    "|hello there|hey there|one more thing|by the way|btw|honestly|basically|my friend"
)
_CALLED = frozenset(
    ("computer", "assistant", "dear", "friend", "buddy", "say", "yes", "no", "listen")
)
_FRAMES = _lines(
    "fill me in on|update me on|catch me up on|walk me through|talk me through|sum up"
    "|tell me|tell us|let me know|let us know|remind me|inform me|answer me|notify me|alert me"
    "|ping me|warn me|check|check whether|confirm|find out|figure out|give me"
    "|do you remember|did you remember|do you recall|can you recall|can you remember"
    "|could you recall|could you remember|do you happen to remember|do you happen to recall"
    "|do you know|do you happen to know|would you know|do you think|would you say|do you believe"
    "|any idea|any clue|do you have any idea|have you any idea|have you got any idea"
    "|i want to know|i would like to know|i need to know|i wanted to know|i want to find out"
    "|i would love to know|i wonder|i was wondering|i am wondering|i am curious|i forgot"
    "|i am trying to remember|i am trying to recall|i would like to ask|i want to ask"
    "|i am asking|i do not remember|i can not remember|i do not know|my question is|i ask you"
    "|the question is|are you able to tell me|are you able to say|are you able to tell"
    "|is it possible that|is it true that|would it be possible to tell me|help me remember"
    "|let me ask|let me ask you|may i ask|can i ask|could i ask|can i ask you|do me a favour"
    "|remember|recall|say|state|report|name|is it the case that|am i right that|i think"
    "|i believe|i guess|i suppose|i am sure|tell me about|was it the case that|i am interested in"
    "|i would like you to tell me|please tell me|think back|from memory|according to your memory"
    "|as far as you remember|as far as you know|if you remember|if you know|out of curiosity"
    "|do you have any memory of|do you have a memory of|do you have any recollection of"
    "|have you any memory of|can you think of"
) + [
    (can, "you", *rest, verb, *me)
    for can in ("can", "could", "would", "will")
    for rest in ((), ("please",), ("kindly",), ("maybe",), ("possibly",), ("perhaps",))
    for verb in (
        "tell",
        "say",
        "remind",
        "check",
        "confirm",
        "inform",
        "answer",
        "name",
        "state",
        "recall",
        "remember",
        "describe",
        "explain",
        "find",
        "let",
        "list",
    )
    for me in (("me", "know"), ("me",), ("us",), ("out",), ())
]
_FRAMES += [
    (*have, *some, memory, "of")
    for have in (("do", "you", "have"), ("have", "you"), ("have", "you", "got"), ("is", "there"))
    for some in (("any",), ("a",), ("some",), ())
    for memory in ("memory", "memories", "recollection", "record", "trace")
]
_ALERTS = frozenset(listed("tell let notify alert ping warn inform remind"))
_LINKS = _lines("if|whether|that|about|whether or not|if or when|, if|, whether|please|again")
_TAILS = _lines(
    "please|thanks|thank you|thank you very much|right|mate|do you know|by any chance|correct"
    "|do you remember|do you recall|tell me|can you tell me|could you tell me|did you|did i"
    "|was there|did not you|did not i|did you not|was there not|was not there|did it|did not it"
    "|or not|if you can|if you remember|if you know|you know|if possible|pretty please|huh|eh"
    "|i wonder|do you think|would you say|buddy|friend|cheers|yes|no|is there|exactly|then|so"
    "|did there|have you|have not you|haven you|was it|was not it|any idea|if at all|sir|hm|,"
    "|did he|did she|did they|did not they|do not you|if you do not mind|for me please|ok|okay"
    "|can you|could you|will you|would you|can not you|can you not|could you not|have you not"
    "|had you|had not you|is it|is it not|is not it|are you|are not you|has there|has not there"
    "|were not you|were you|was i|was not i|have i|have not i|has it|has not it|were not there"
    "|do you reckon|you reckon|is that right|is that correct|am i right|am i wrong|innit|ta"
    "|please and thank you|if that is ok|if you would|if you could|if you please|for me|asap"
    "|or did i|or did you|or was i dreaming|or was i imagining it|or am i imagining it"
    "|or did i imagine it|or am i mistaken|is it true|is that true|is that so|help me out"
    "|let me know|do you|did not he|did not she|i forgot|did we|did not we|, or|were there"
)
_STATED_TAILS = (
    "can you|could you|will you|would you|can not you|can you not|could you not|"
    "have you not|had you|had not you|is it|is it not|is not it|are you|"
    "are not you|has there|has not there|were not you|were you|was i|was not i|"
    "have i|have not i|has it|has not it|were not there|for me|did you not|"
    "was there not"
)
_COMMA_TAILS = frozenset(
    [
        "did you",
        "did i",
        "was there",
        "did not you",
        "did not i",
        "did you not",
        "was there not",
        "was not there",
        "did it",
        "did not it",
        "have you",
        "have not you",
        "was it",
        "was not it",
        "did he",
        "did she",
        "did they",
        "did not they",
        "do you",
        "did not he",
        "did not she",
        "did we",
        "did not we",
        "is there",
        "do not you",
        "were there",
        "yes",
        "no",
        "so",
        "then",
        "right",
        "i wonder",
        "tell me",
        "any idea",
        "i forgot",
        "let me know",
        "did there",
        "haven you",
        *(" ".join(line) for line in _lines(_STATED_TAILS)),
    ]
)


_STATED = frozenset(listed("you i we there he she they it"))
_Table = dict[str, list[tuple[str, ...]]]


def _by_first(lines: list[tuple[str, ...]]) -> _Table:
    """Group lines by their first word, longest first, so that a look-up tries only a few."""
    table: _Table = {}
    for line in sorted(lines, key=len, reverse=True):
        table.setdefault(line[0], []).append(line)
    return table


_FILLERS_AT, _FRAMES_AT, _LINKS_AT = _by_first(_FILLERS), _by_first(_FRAMES), _by_first(_LINKS)


def _front(words: list[str], table: _Table) -> int:
    for line in table.get(words[0], []) if words else []:
        if tuple(words[: len(line)]) == line:
            return len(line)
    return 0


_IF_TAIL = re.compile(
    r"(?: ,)? if (?:you (?:can|could|would|will|do not|know|remember|recall|have|happen|are "
    r"able|please"
    r"|get|find)|possible|that is|it is|i may|i might)(?: \w+){0,5}$"
)


def _strip_tail(words: list[str]) -> list[str]:
    text = " ".join(words)
    found = _IF_TAIL.search(text)
    if found and found.start() > 0:
        words = text[: found.start()].split()
    stated = words[:1] != ["do"] and not (words[:1] and words[0] in AUX | WH)
    stated = stated and bool(_STATED & set(words[:3]))  # "there was a cow was there"
    changed = True
    while changed and words:
        changed = False
        for line in _TAILS:
            n = len(line)
            if n >= len(words) or tuple(words[-n:]) != line:
                continue
            if " ".join(line) in _COMMA_TAILS and words[-n - 1] != "," and not stated:
                continue
            if words[-n - 1] in WH:
                continue  # "what was it"
            words, changed = words[:-n], True
            break
    return words


def unwrap(words: list[str]) -> Unwrapped:
    """Take fillers, frames and tags off both ends, as often as they stand there."""
    recalled = alert = linked = False
    words = _strip_tail(words)
    for _ in range(8):
        if words[1:2] == [","] and words[0] in _CALLED and len(words) > 2:
            words = words[2:]
        n = _front(words, _FILLERS_AT)
        if n and n < len(words):
            words = words[n:]
            continue
        n = max(_front(words, _FRAMES_AT), frame_length(words))
        if words[1:3] == ["you", "count"]:
            n = 2
        if words[:2] == ["show", "me"] and words[2:3] and words[2] in WH | {"everything", "all"}:
            n = 2
        if not n or n >= len(words):
            break
        recalled = True
        alert = alert or bool(_ALERTS & set(words[:n]))
        words = words[n:]
        link = _front(words, _LINKS_AT)
        if link and link < len(words):
            linked = linked or words[0] in ("if", "whether")
            words = words[link:]
    if words[:1] in (["whether"], ["if"]):
        words, linked = words[1:], True
    while words and words[0] == ",":
        words = words[1:]
    return Unwrapped(_strip_tail(words), recalled, alert, linked)
