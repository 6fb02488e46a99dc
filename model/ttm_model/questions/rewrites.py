"""Turns unusual word orders into the plain one: "it was when that ...". It names no things."""

import re

from ttm_model.questions.adjectives import ADJECTIVES
from ttm_model.questions.heads import opener
from ttm_model.questions.lexicon import AUX, GENERIC, PERCEPTION, PRONOUNS
from ttm_model.questions.wordlist import listed

_SENSE = "|".join(sorted({" ".join(k) for k in PERCEPTION}, key=lambda k: (-len(k), k)))
_WHO = r"(?:you|i|we|they)"
_ING = "|".join(
    sorted({" ".join(k) for k in PERCEPTION if k[0].endswith("ing")}, key=lambda k: (-len(k), k))
)
_THINGS = "|".join(sorted(GENERIC, key=len, reverse=True))
_MEDIA = (
    r"(?:the |this |that |your |our )?(?:video|recording|stream|session|clip|footage|memory|log)"
)
_ANY = (
    rf"(?:(?:any|some|every)(?: )?(?:thing|body|one)?|a (?:\w+ )?(?:{_THINGS})|something|anything)"
)
_HAVE = r"(?:(?:have|had|just|can|could|did|were|was|am|are|ever) )*"
_MOTION = r"(?:begin|began|begun|start|started|open|opened|kick off|kicked off)"
_CLOSE = r"(?:end|ended|finish|finished|close|closed|conclude|concluded)"
_OUT = r"(?: off| out| up)?"

_RULES: tuple[tuple[str, str], ...] = (
    (r"^what got ", "what was "),
    (
        rf"^(?:did|does|has) {_MEDIA} (?:ever )?(?:show|shown|display|displayed) (.+)$",
        r"was \1 visible",
    ),
    (
        r"\b(?:do|can|could|did) you (?:still |even )?(?:remember|recall|recollect) "
        rf"(?=(?:{_ING})\b)",
        "did you ",
    ),
    (r"\b(sound|noise)s? (?:that was )?(?:like|resembling|similar to) ", r"\1 of "),
    # clefts: "what was it that you saw", "when it was that", "was it a dog that you heard"
    (
        r"^(what|which \w+|what \w+|when|how long ago|how many times|how often) (?:was|is) "
        r"(?:it|that)"
        rf" (?:that |when |which )?(?={_WHO} |there )",
        r"\1 ",
    ),
    (
        r"^(when|how long ago|how many times|how often) (?:(?:was|is) )?it (?:(?:was|is) )?"
        r"(?:that|when) ",
        r"\1 ",
    ),
    (r"^what (?:it|that) (?:was|is) (?:that )?", "what "),
    (
        rf"^(?:was|is) (?:it|that|this) ((?:a|an|the|some|any) [^,]*?) (?:that |which )?({_WHO}) "
        rf"{_HAVE}({_SENSE})\b",
        r"did \2 \3 \1",
    ),
    # membership: "was a cup one of the things you saw", "is a cup among the things you saw"
    (
        r"^(?:was|is|were|are|has) ([^,]*?) (?:been )?(?:one of|among|amongst|part of|in the "
        r"list of"
        rf"|on the list of) (?:all )?(?:the |those )?(?:{_THINGS}|what|list)(?: of things)?"
        rf" (?:that |which )?({_WHO}) {_HAVE}({_SENSE})\b",
        r"did \2 \3 \1",
    ),
    # containment: "does the recording contain music", "do you have a cow on record"
    (
        rf"^(?:does|did|do|has) {_MEDIA} (?:ever )?(?:contain|contained|include|included|have|hold"
        r"|feature|featured|show|got) ",
        "was there ",
    ),
    (
        r"^(?:(?:do|did|have) )?you (?:ever )?(?:have|got|have got|had) (.*?)(?: (?:on|in) "
        r"(?:record|file"
        r"|tape|memory|your memory|store|your records))?$",
        r"was there \1",
    ),
    (r"^when (?:about|abouts|around|roughly|approximately) (?=\w)", "when "),
    (r"^whenabouts ", "when "),
    (
        rf"^what (?:began|started|opened|kicked off|launched) (?:it all|things|everything|{_MEDIA})"
        r"(?: off)?$",
        "what came first",
    ),
    (
        rf"^what (?:ended|closed|concluded|finished) (?:it all|things|everything|{_MEDIA})"
        r"(?: off)?$",
        "what came last",
    ),
    # start and end: "what did the video begin with", "what did I start off by showing you"
    (
        rf"^((?:what|which)(?: \w+)?) (?:did|does|has) (?:{_MEDIA}|it|you|i|we) {_MOTION}{_OUT} "
        r"with$",
        r"\1 came first",
    ),
    (
        rf"^((?:what|which)(?: \w+)?) (?:did|does|has) (?:{_MEDIA}|it|you|i|we) {_CLOSE}{_OUT} "
        r"with$",
        r"\1 came last",
    ),
    (
        rf"^((?:what|which)(?: \w+)? did {_WHO}) {_MOTION}{_OUT}(?: by| with)? ({_ING})(.*)$",
        r"\1 \2\3 first",
    ),
    (
        rf"^((?:what|which)(?: \w+)? did {_WHO}) {_CLOSE}{_OUT}(?: by| with)? ({_ING})(.*)$",
        r"\1 \2\3 last",
    ),
    # participles and sequence: "having seen the cat, ...", "the bell rang and then what ..."
    (rf"^having ({_SENSE}) ([^,]+?) ,? ?(?=what |which |did )", r"after you \1 \2 , "),
    (
        r"^((?:the|a|an|my|your|i|you|we|someone|somebody) [^,]+?) ,? ?(?:and )?then ,? ?"
        r"(?=(?:what|which) )",
        r"after \1 , ",
    ),
    # lists: "a list of everything you saw", "summarise what happened"
    (
        r"^(?:a |an |the |me |your )*(?:\w+ )?(?:list|summary|overview|rundown|recap|account"
        r"|description|run through|breakdown|report) (?:of|on|about) (?:all )?"
        rf"(?=what |everything|all |the (?:{_THINGS})|(?:{_THINGS})|which )",
        "list ",
    ),
    (r"^(?:list|describe|summarise|summarize|name|report|recap|recount) (?=what |which )", ""),
    (
        r"^(?:is there |was there )?(anything|something) (?:\w+ )?(?:to|worth) (?:report|tell|say"
        r"|know|mention|reporting|mentioning|knowing)\b",
        r"did \1 happen",
    ),
    (
        rf"^(?:i|we) {_HAVE}({_SENSE}) {_ANY}(?: \w+)?(?: ,)? what (?:was|is) (?:it|that)$",
        r"what did you \1",
    ),
    # kinds of what is no kind: "what sort of noises"
    (
        rf"^(what|which) (?:sort|sorts|kind|kinds|type|types) of (?={_THINGS}|animals?\b"
        r"|vehicles?\b"
        r"|instruments?\b|fruits?\b|foods?\b)",
        r"\1 ",
    ),
    (rf"(?<= )up to (?={_ING})", ""),
    # "something that looked like a dog"
    (
        r"\b(?:any|some)thing (?:that |which )?(?:look|looks|looked|looking) like (.*)$",
        r"\1 in the picture",
    ),
    (
        r"\b(?:any|some)thing (?:that |which )?(?:sound|sounds|sounded|sounding) like (.*)$",
        r"the sound of \1",
    ),
    (r"\b(?:any|some)thing (?:that |which )?(?:resembling|resembles|resembled) ", ""),
    # tells of memory stand for all senses: "the last thing you remember"
    (
        r"\b(?:that |which )?you (?:can |could |still )*(?:remember|recall|know about|know of|know"
        r"|have in memory|have stored|have)(?= |$)(?! of)(?= ?$| ,)",
        "you noticed",
    ),
    # numbers of sounds: "what is the number of barks"
    (
        r"^(?:what (?:was|is) )?(?:the |a |an )?(?:total |overall |exact )*(?:number|count"
        r"|tally) of "
        r"(?:all )?(?:the )?(?!times|occasions|occurrences|instances)",
        "how many ",
    ),
    (
        r"^what (?:do|have) (i|you|we) (?:have|got|hold) (?:in|on) (?:my|your|our|the) (?:hand"
        r"|hands)$",
        r"what am \1 holding",
    ),
    # holding: "what did I have in my hand"
    (
        r"^what (?:did|have|had|do) (i|you|we) (?:have|had|got|hold) (?:in|on) (?:my|your|our|the) "
        r"(?:hand|hands|lap|desk)",
        r"what was \1 holding",
    ),
    # how long: "was it there for long", "how much time did it spend"
    (
        r"^(?:did|was|were|is|has) (.+?) (?:for )?(?:a )?(?:very )?long(?: time| while)?$",
        r"how long did \1",
    ),
    (r"^(how much time|how long) (did|has) (.+?) (?:spend|spent)\b", r"\1 \2 \3 stay"),
    (r"^for what (?:length|amount|period) of time ", "how long "),
    # once or often: "did you hear it once or twice"
    (
        r"^(did|have|has|was|were) (.+?) (?:just )?once or (?:twice|more|more often|several "
        r"times)$",
        r"\1 \2 more than once",
    ),
    (
        r"^(did|have|has|was|were) (.+? )?(?:only|just) (.+?) (?:once|the once|one time)$",
        r"\1 \2\3 more than once",
    ),
    (
        r"^(did|have|has|was|were) (.+?) (?:just|only|exactly) (?:once|the once|one time)$",
        r"\1 \2 more than once",
    ),
    (r"\bmore than one time$", "more than once"),
    (r"\b(?:several|many|a few|a couple of|multiple|a number of) times$", "more than once"),
)
# These hold words that the reading of time would take away.
_EARLY_RULES: tuple[tuple[str, str], ...] = (
    (
        r"^(?:was|is) it (?:very |so |that )?(?:long|a while|a long time|recently)(?: ago)? "
        r"(?:that|when|since) ",
        "when ",
    ),
    (r"^has it been (?:very |that )?(?:long|a while|a long time) since ", "when "),
    (r"^how long before now ", "how long ago "),
    (r"\b(?:before|ahead of) (?:anything|everything|all) else\b", "first"),
    (r"\bafter (?:anything|everything|all) else\b", "last"),
    (
        r"\b(?:right )?(at|from|since|until|till|up to|by) (?:the|that) (?:exact |precise |very "
        r"|same )?"
        r"(?:time|moment|point|instant|second)(?: in time)?(?: at which| when| that| of)?"
        r"(?= (?:the|a|an|my|your|i|you|we|someone|somebody|it|there)\b)",
        r"\1-when",
    ),
    (
        r"(?<=\w)(?<!was)(?<!is) the (?:exact |precise |very )?(?:moment|instant)(?: at which| "
        r"when| that)?"
        r"(?= (?:the|a|an|my|your|i|you|we|someone|somebody) )",
        " at-when",
    ),
)
_SEQUELS = {
    "at-when": "when",
    "from-when": "after",
    "since-when": "after",
    "until-when": "before",
    "till-when": "before",
    "up to-when": "before",
    "by-when": "before",
}
_COMPILED = tuple((re.compile(rule), to) for rule, to in _RULES)
_COMPILED_EARLY = tuple((re.compile(rule), to) for rule, to in _EARLY_RULES)

_WH_START = frozenset(listed("what when how which"))
_ASKED = frozenset(
    listed(
        "did was were is are has have had do does can could many often long "
        "recently much exactly roughly about"
    )
)
_SUBJECT = frozenset(
    listed(
        "you there i we the a an any anyone anybody someone somebody it that "
        "my this they one she he"
    )
)
_NO_TOPIC = frozenset(listed("list count who whose whom why where"))
_POINTERS = frozenset(listed("it that this them one those they"))
_AFTER_POINTER = (
    AUX
    | PRONOUNS
    | frozenset(
        listed(
            ", on in at last go make appear start stop begin end happen play ring ever again "
            "too before "
            "after come show visible audible seen heard shown playing still for first then "
            "there when"
        )
    )
)
_BE = frozenset(("was", "is", "were", "are"))


def before_time(words: list[str]) -> list[str]:
    """Rewrite what the reading of times would misread: "at the moment the bell rang"."""
    text = " ".join(words)
    if opener(words) and words[0] not in _WH_START:
        return words  # "the moment the bell rang" asks when
    for rule, to in _COMPILED_EARLY:
        text = rule.sub(to, text)
    for marked, plain in _SEQUELS.items():
        text = text.replace(marked, plain)
    return text.split()


def plain_order(words: list[str]) -> list[str]:
    """Bring the words into the order of a plain question where a rule knows how."""
    words = _preface(words)
    words = _topic(words)
    words = _in_place(words)
    text = " ".join(words)
    for rule, to in _COMPILED:
        text = rule.sub(to, text)
    return text.split()


def _asks_at(words: list[str], i: int) -> bool:
    """Whether a question begins at i: "did you", "was there", "what was", "how many"."""
    following = words[i + 1 : i + 2]
    if not following:
        return False
    if words[i] in _WH_START:
        return following[0] in _ASKED or (words[i] == "when" and following[0] in _SUBJECT)
    if words[i] in ("did", "have", "has", "was", "were", "is", "are") and i:
        return following[0] in _SUBJECT and words[i - 1] not in _SUBJECT - {"it", "that", "one"}
    return False


def _preface(words: list[str]) -> list[str]:
    """Drop a remark of the user about himself: "I lost count, how many times ..."."""
    if words[:1] not in (["i"], ["we"], ["my"], ["sorry"]):
        return words
    for i in range(2, len(words) - 2):
        front = words[:i]
        perceived = any((w,) in PERCEPTION for w in front) and "not" not in front
        if perceived or "if" in front:
            return words
        if _asks_at(words, i) and not (words[i] == "when" and words[i + 1] in _SUBJECT):
            return words[i:]
    return words


def _topic(words: list[str]) -> list[str]:
    """Put a thing named first in the place of its pronoun: "the cat, when did you see it"."""
    if not words or words[0] in AUX or words[0] in _WH_START or words[0] in _NO_TOPIC:
        return words
    for i in range(1, len(words) - 1):
        after_comma = words[i - 1] == "," and words[i] in ("you", "i")
        if not (_asks_at(words, i) or after_comma):
            continue
        front = [w for w in words[:i] if w != ","]
        if front[:2] == ["you", "know"]:
            front = front[2:]
        subject = bool(front) and front[0] in PRONOUNS
        connective = {"before", "after", "while", "when", "during", "until", "since"} & set(front)
        if not front or subject or connective or (set(front) & (AUX | {"not"})):
            return words
        tail = words[i:]
        at = next((k for k in range(len(tail) - 1, 0, -1) if _points(tail, k)), None)
        if at is None:
            return words
        return [*tail[:at], *_definite(front), *tail[at + 1 :]]
    return words


def _definite(front: list[str]) -> list[str]:
    known = front[0] in ("the", "a", "an", "my", "your", "that", "this", "any", "some", "our")
    return front if known else ["the", *front]


def _points(words: list[str], k: int) -> bool:
    if words[k] not in _POINTERS:
        return False
    following = words[k + 1 : k + 2]
    return not following or following[0] in _AFTER_POINTER or following[0] in ADJECTIVES


def _in_place(words: list[str]) -> list[str]:
    """Bring a question word from the end to the front: "you saw the cat how many times"."""
    if not words or words[0] in _WH_START or words[0] in AUX:
        return words
    core = words
    while core and core[-1] in ("exactly", "please", "roughly", "about", ",", "then", "again"):
        core = core[:-1]
    if (len(core) > 3 and core[-1] in ("what", "which")) or core[-2:] == ["which", "one"]:
        cut = core[:-2] if core[-1] == "one" else core[:-1]
        if cut and cut[-1] in _BE:
            return ["what", *cut[-1:], *cut[:-1]]
        return words
    for n in range(min(6, len(core) - 2), 0, -1):
        tail = core[-n:]
        found = opener(tail)
        if not found or found[1] != n or tail[0] not in (*_WH_START, "at", "for", "around"):
            continue
        rest = [w for w in core[:-n]]
        while rest and rest[-1] in (*_BE, ","):
            rest = rest[:-1]
        if rest and not _WH_START & set(rest) and not set(rest[1:]) & {"if", "whether"}:
            return [*tail, *rest]
    return words
