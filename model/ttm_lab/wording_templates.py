"""Sentence patterns for generated questions, in a training and a held-out list. Data only.

Slots: {a} "a red fox", {the} "the red fox", {any} "any red foxes", {see}/{saw}/{seeing} the verb
of the modality, {shown} "on screen" or "audible"; {what} and {was}: the open question's verb. A
pattern marked "v", "a" or "-" serves only that modality (none for "-"); "c" serves sounds that
are named maker and verb ("dog bark").
"""

Pattern = tuple[str, str]  # (modalities it serves, text)


def _patterns(serves: str, text: str) -> list[Pattern]:
    return [(serves, line.strip()) for line in text.strip().splitlines()]


TRAIN: dict[str, list[Pattern]] = {
    "presence": _patterns(
        "va",
        """did you {see} {a}?
        have you {seen} {a}?
        did you {see} {any}?
        do you remember {seeing} {a}?
        can you tell me if you {saw} {a}?
        {seen} {any}?
        did you ever {see} {a}
        tell me whether you {saw} {a}
        please, have you {seen} {any}
        you {saw} {a}, right?
        i was wondering if you {saw} {a}
        did you happen to {see} {a}?""",
    )
    + _patterns(
        "v",
        """did I show you {a}?
        was {a} on screen?
        did {a} appear?
        did I hold up {a}?
        was there {a} in the picture?
        was {a} visible?""",
    )
    + _patterns("a", "could {a} be heard?\nwas {a} audible?\nwas there the sound of {a}?")
    + _patterns("c", "did {the}?\ntell me if {the} was heard")
    + _patterns(
        "-",
        """was there {a}?
        were there {any}?
        has there been {a}?
        did you notice {a}?
        {any}?
        do you remember {a}?
        tell me if there was {a}
        can you remember whether there was {a}?
        hey, was there {a} at all?""",
    ),
    "when": _patterns(
        "va",
        """when did you {see} {the}?
        tell me when you {saw} {the}
        how long ago did you {see} {the}?
        at what time did you {see} {the}?
        when have you {seen} {the}?
        what time did you {see} {the}
        do you know when you {saw} {the}?
        could you please tell me when you {saw} {the}?
        how many seconds ago did you {see} {the}?""",
    )
    + _patterns(
        "v",
        """when was {the} on screen?
        when did I show you {the}?
        when did {the} appear?
        when was {the} visible?""",
    )
    + _patterns("a", "when could {the} be heard?\nwhen was {the} audible?")
    + _patterns("c", "when did {the}?\nhow long ago did {the}?")
    + _patterns(
        "-",
        """when was there {a}?
        {the}, when?
        when did {the} happen?
        when did you notice {the}?
        how long ago was there {a}?
        when was {the}?
        at what time was there {a}?
        do you remember when there was {a}?""",
    ),
    "count": _patterns(
        "va",
        """how many times did you {see} {the}?
        how often did you {see} {the}?
        how many times have you {seen} {a}?
        tell me how many times you {saw} {the}
        how often have you {seen} {a}?
        how many times in total did you {see} {the}
        do you know how often you {saw} {the}?
        on how many occasions did you {see} {the}?""",
    )
    + _patterns("v", "how often was {the} on screen?\nhow many times did I show you {the}?")
    + _patterns("a", "how many times was {the} audible?")
    + _patterns("c", "how many times did {the}?\nhow often did {the}?")
    + _patterns(
        "-",
        """how many times was there {a}?
        how often was there {a}?
        how many times did you notice {the}?
        {the}, how many times?
        how many times did {the} happen?
        tell me how many times there was {a}
        how many times has there been {a}?
        how frequently was there {a}?""",
    ),
    "how_long": _patterns(
        "va",
        """how long did you {see} {the}?
        for how long did you {see} {the}?
        how long have you {seen} {the}?
        tell me how long you {saw} {the}
        how many seconds did you {see} {the}?
        how much time did you {see} {the} for
        how long could you {see} {the}?
        how long did you {see} {the} for?""",
    )
    + _patterns(
        "v",
        """how long was {the} on screen?
        how long was {the} visible?
        for how long was {the} in the picture?""",
    )
    + _patterns("a", "how long was {the} audible?\nfor how long was {the} heard?")
    + _patterns("c", "how long did {the}?")
    + _patterns(
        "-",
        """how long was {the} there?
        how long did {the} last?
        how long was there {a}?
        for how long was there {a}?
        for how long was {the} present?
        how long did {the} go on?
        how long did you notice {the}?
        tell me how long {the} was there""",
    ),
    "what": _patterns(
        "va",
        """what did you {see}?
        what have you {seen}?
        tell me what you {saw}
        what were you {seeing}?
        did you {see} anything?
        what things did you {see}?
        can you tell me everything you {saw}?
        what was {shown}?
        anything {shown}?
        list the things you {saw}""",
    )
    + _patterns("v", "what did I show you?\nwhat was I holding up?\nwhat was visible?")
    + _patterns("a", "what was playing?\nwhat sounds were there?\nwhat could be heard?")
    + _patterns(
        "-",
        """what happened?
        what was going on?
        what was there?
        tell me what happened
        what went on?
        what did you notice?
        what was happening?
        did anything happen?""",
    ),
    "first": _patterns(
        "va",
        """what was the first thing you {saw}?
        what did you {see} first?
        what's the first thing you {saw}
        what is the very first thing you {saw}?
        tell me the first thing you {saw}
        which thing did you {see} first?
        what did you first {see}?
        the first thing you {saw}?""",
    )
    + _patterns("v", "what did I show you first?\nwhat was the first thing I showed you?")
    + _patterns("a", "what was the first sound?\nwhich sound did you hear first?")
    + _patterns(
        "-",
        """what came first?
        what happened first?
        what was the first thing?
        what was the first thing that happened?
        tell me what happened first
        what was first?
        the first thing that happened?
        what did you notice first?""",
    ),
    "last": _patterns(
        "va",
        """what was the last thing you {saw}?
        what did you {see} last?
        what's the last thing you {saw}
        what is the most recent thing you {saw}?
        tell me the last thing you {saw}
        which thing did you {see} last?
        what did you last {see}?
        what did you {see} most recently?""",
    )
    + _patterns("v", "what did I show you last?\nwhat was the last thing I showed you?")
    + _patterns("a", "what was the last sound?\nwhich sound did you hear last?")
    + _patterns(
        "-",
        """what came last?
        what happened last?
        what was the last thing?
        what was the last thing that happened?
        tell me what happened last
        what was last?
        the last thing that happened?
        what did you notice last?""",
    ),
    "before": _patterns(
        "va",
        """what did you {see} before {the}?
        what did you {see} right before {the}?
        before {the}, what did you {see}?
        what was {shown} before {the}?
        tell me what you {saw} just before {the}
        what was the last thing you {saw} before {the}?
        what were you {seeing} before {the}?
        can you tell me what you {saw} before {the}?""",
    )
    + _patterns("v", "what did I show you before {the}?\nwhat did I hold up before {the}?")
    + _patterns("a", "what sound did you hear before {the}?\nwhat was playing before {the}?")
    + _patterns(
        "-",
        """what came before {the}?
        what happened before {the}?
        before {the}, what happened?
        what was there before {the}?
        what preceded {the}?
        tell me what happened right before {the}
        what happened just before {the}?
        what was going on before {the}?""",
    ),
    "after": _patterns(
        "va",
        """what did you {see} after {the}?
        what did you {see} right after {the}?
        after {the}, what did you {see}?
        what was {shown} after {the}?
        tell me what you {saw} just after {the}
        what was the first thing you {saw} after {the}?
        what did you {see} next after {the}?
        can you tell me what you {saw} after {the}?""",
    )
    + _patterns("v", "what did I show you after {the}?\nwhat did I hold up after {the}?")
    + _patterns("a", "what sound did you hear after {the}?\nwhat was playing after {the}?")
    + _patterns(
        "-",
        """what came after {the}?
        what happened after {the}?
        after {the}, what happened?
        what was there after {the}?
        what followed {the}?
        tell me what happened right after {the}
        what came next after {the}?
        what happened shortly after {the}?""",
    ),
    "with": _patterns(
        "va",
        """what did you {see} during {the}?
        what did you {see} at the same time as {the}?
        during {the}, what did you {see}?
        what were you {seeing} during {the}?
        tell me what you {saw} during {the}
        what was {shown} during {the}?
        what did you {see} along with {the}?
        what did you {see} together with {the}?""",
    )
    + _patterns("v", "what did I show you during {the}?")
    + _patterns("a", "what was playing during {the}?\nwhat sound came with {the}?")
    + _patterns(
        "-",
        """what happened during {the}?
        what was going on during {the}?
        during {the}, what happened?
        what happened at the same time as {the}?
        what came with {the}?
        what was there during {the}?
        tell me what happened during {the}
        what was happening along with {the}?""",
    ),
}

HELD_OUT: dict[str, list[Pattern]] = {
    "presence": _patterns(
        "va",
        """is it right that you {saw} {a}?
        {a}, did you {see} one?
        would you say you have {seen} {any}?""",
    )
    + _patterns("v", "did {a} ever come into view?")
    + _patterns("a", "were you able to make out {a} by ear?")
    + _patterns("-", "could there have been {a}?\ndid {a} turn up anywhere?"),
    "when": _patterns(
        "va",
        """what was the moment you {saw} {the}?
        give me the time at which you {saw} {the}
        how much earlier did you {see} {the}?""",
    )
    + _patterns("v", "at which second did {the} come on screen?")
    + _patterns("-", "when exactly was it that there was {a}?\nwhat's the time of {the}?"),
    "count": _patterns(
        "va",
        """how many separate times did you {see} {the}?
        what's the number of times you {saw} {the}?
        count how often you {saw} {the}""",
    )
    + _patterns(
        "-", "how many occurrences of {the} were there?\nhow many different times was there {a}?"
    ),
    "how_long": _patterns(
        "va",
        """what length of time did you {see} {the}?
        over how long a stretch did you {see} {the}?""",
    )
    + _patterns("v", "how long did {the} stay in view?")
    + _patterns("-", "what was the duration of {the}?\nhow long did {the} keep going?"),
    "what": _patterns(
        "va",
        """what is it that you {saw}?
        describe what you {saw}
        what sort of things did you {see}?""",
    )
    + _patterns("v", "what was in front of the camera?")
    + _patterns("a", "which noises reached you?")
    + _patterns("-", "give me a summary of what happened\nwhat took place?"),
    "first": _patterns(
        "va",
        """of all you {saw}, what was first?
        what did you {see} before anything else?
        name the earliest thing you {saw}""",
    )
    + _patterns("-", "what was it that happened first?\nwhat started it all?"),
    "last": _patterns(
        "va",
        """what's the latest thing you {saw}?
        what have you {seen} most recently?
        what was the final thing you {saw}?""",
    )
    + _patterns(
        "-", "what was it that happened last?\nwhat's the most recent thing that happened?"
    ),
    "before": _patterns(
        "va",
        """just ahead of {the}, what did you {see}?
        prior to {the} what had you {seen}?""",
    )
    + _patterns("v", "which thing did I put up before {the}?")
    + _patterns("-", "what led up to {the}?\nwhat was {the} preceded by?"),
    "after": _patterns(
        "va",
        """once {the} was over, what did you {see}?
        following {the}, what had you {seen}?""",
    )
    + _patterns("v", "which thing did I put up after {the}?")
    + _patterns("-", "what was {the} followed by?\nwhat came straight after {the}?"),
    "with": _patterns(
        "va",
        """while there was {the}, what did you {see}?
        what could you {see} alongside {the}?""",
    )
    + _patterns("-", "what accompanied {the}?\nwhat else was there at the time of {the}?"),
}
