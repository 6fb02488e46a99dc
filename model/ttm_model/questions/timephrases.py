"""Fixed phrases of time: "at the start", "just now", "so far", "yesterday". Data and a lookup."""
# ruff: noqa: PLR0911, PLR0912  (ordered rules read best as one list of early returns)

from ttm_model.questions.lexicon import CONNECTIVES
from ttm_model.questions.window import Window
from ttm_model.questions.wordlist import listed

START_S = 10.0
NOW_S = 10.0
LATELY_S = 120.0
START = Window("start", START_S, None, START_S / 2)
NOW = Window("end", NOW_S, None, NOW_S / 2)
LATELY = Window("last", LATELY_S, None, LATELY_S / 2)

_OF = (
    "",
    " of it",
    *(
        f" of {the} {noun}"
        for the in ("the", "this", "our")
        for noun in listed("video stream clip")
    ),
    *(f" of the {noun}" for noun in listed("recording session footage")),
    " of our session",
)
_AT = ("at", "in", "near", "around", "toward", "towards", "right at", "close to", "just at")


def _phrases(text: str) -> list[tuple[str, ...]]:
    return [tuple(line.split()) for line in text.split("|")]


def _build() -> dict[tuple[str, ...], Window | None]:
    table: dict[tuple[str, ...], Window | None] = {}
    for noun, window in (
        ("start", START),
        ("beginning", START),
        ("outset", START),
        ("opening", START),
        ("end", NOW),
        ("ending", NOW),
    ):
        for of in _OF:
            for preposition in _AT:
                for the in ("the", "the very"):
                    table[tuple(f"{preposition} {the} {noun}{of}".split())] = window
            for since in ("since", "from", "after"):
                if window is START:
                    table[tuple(f"{since} the {noun}{of}".split())] = None
            if window is START:
                table[tuple(f"right after the {noun}{of}".split())] = START
            elif window is NOW:
                for before in ("right before", "just before", "before"):
                    table[tuple(f"{before} the {noun}{of}".split())] = NOW
                for until in ("until", "till", "up to"):
                    table[tuple(f"{until} the {noun}{of}".split())] = None
    for when in (
        "when",
        "as",
        "right when",
        "just when",
        "as soon as",
        "right after",
        "just after",
    ):
        for who in ("you", "we", "i", "the video", "the stream", "the recording", "the clip", "it"):
            for began in ("started", "began", "start", "started recording", "started streaming"):
                table[(*when.split(), *who.split(), *began.split())] = START
                table[(*when.split(), *who.split(), "first", *began.split())] = START
    for phrase in _phrases(
        "initially|to begin with|to start with|early on|very early on|in the first place"
        "|at first|first thing of all"
    ):
        table[phrase] = START
    for phrase in _phrases(
        "just now|right now|now|currently|at the moment|at this moment|at present|presently"
        "|a moment ago|just a moment ago|moments ago|only a moment ago|a second ago|a sec ago"
        "|just a second ago|just a sec ago|this very moment|this second|this moment|only just"
        "|right this second|a moment back|an instant ago|a tick ago|as of now|at this point"
        "|in the last moment|in the last moments|in the last few moments|a few moments ago"
    ):
        table[phrase] = NOW
    for phrase in _phrases("recently|lately|of late|in recent times|very recently|not long ago"):
        table[phrase] = LATELY
    for phrase in _phrases(
        "so far|at all|at any point|at any time|at any stage|at any moment|at some point"
        "|at some time|earlier on|earlier|earlier today|previously|already|yet|until now|up to now"
        "|till now|up until now|today|the whole time|the entire time|all along|a while ago"
        "|a while back|quite a while ago|a little while ago|some time ago|sometime ago|back then"
        "|a long time ago|long ago|ages ago|in the past|before now|for a while|again|thus far"
        "|to date|ever before|in total|altogether|in all|overall|from start to finish"
        "|this whole time"
        "|if ever|if at all|on average|by any chance|by chance|at one point|sometime"
        "|during all this|all this time"
        "|all the time|throughout"
    ):
        table[phrase] = None
    for preposition in ("in", "during", "throughout", "over", "within"):
        for the in ("the", "this", "that", "our", "the whole", "the entire", "my"):
            for noun in listed(
                "video clip stream recording session footage call film conversation"
            ):
                table[(preposition, *the.split(), noun)] = None
    return table


_AMOUNTS = frozenset(
    listed("few couple half two three four five six seven ten fifteen twenty thirty forty minute")
)
FILLERS = _build()
_LENGTHS = sorted({len(p) for p in FILLERS}, reverse=True)

_DAYS = listed("monday tuesday wednesday thursday friday saturday sunday")
CALENDAR = (
    frozenset(
        _phrases(
            "yesterday|tonight|this morning|this afternoon|this evening|this week|this month"
            "|last night|last week|last month|last year|the other day|at noon|at midnight|days ago"
            "|weeks ago|months ago|years ago|in the morning|in the evening|in the afternoon"
            "|last evening|at night|a day ago|a week ago|a month ago|a year ago|oclock|pm"
            "|last christmas|at lunch|at lunchtime|the day before|in the middle|halfway|midway"
            "|half way|halfway through|in the second half|in the first half|last half|first half"
        )
    )
    | frozenset(("on", day) for day in _DAYS)
    | frozenset(("last", day) for day in _DAYS)
)


_COUNTABLE = ("opening", "closing", "ending")


def _amount_word(word: str) -> bool:
    return word[0].isdigit() or word in _AMOUNTS


def named_phrase(words: list[str], i: int) -> tuple[Window | None, int] | None:
    """Look up a fixed phrase at i: its window (None: it restricts nothing) and its end."""
    if words[i] == "before" and i == len(words) - 1 and i > 2:
        return None, i + 1  # "have you seen a dog before?"
    if words[i] == "just" and 0 < i < len(words) - 1:
        follows = words[i + 1]
        if words[i - 1] in ("you", "i", "did", "was", "were", "we", "have", "has", "that") and (
            follows not in CONNECTIVES and follows not in ("like", "a", "the", "one")
        ):
            return NOW, i + 1
    if words[i - 1 : i] == ["how"] and i:
        return None  # "how long ago" asks, it does not restrict
    if i > 1 and words[i - 2] == "how":
        return None  # "how long before now"
    if words[i - 1 : i] == ["most"] and i:
        return None  # "most recently" is an order
    if words[i] == "from" and {"to", "until", "till"} & set(words[i + 3 : i + 5]):
        return None  # "from the start until 0:40"
    if words[i : i + 3] == ["in", "the", "past"] and i + 3 < len(words):
        return None  # "in the past two minutes"
    for length in _LENGTHS:
        phrase = tuple(words[i : i + length])
        following = words[i + length : i + length + 1]
        if following and phrase[-1:] and phrase[-1] in _COUNTABLE and _amount_word(following[0]):
            continue  # "in the opening 20 seconds"
        if following == ["of"]:
            continue  # "at the end of the song" is not the end of the media
        if len(phrase) == length and phrase in FILLERS:
            return FILLERS[phrase], i + length
    return None
