"""What may follow the thing asked about without being part of it: "on screen", "went off"."""

from ttm_model.questions.lexicon import GENERIC
from ttm_model.questions.parsed import Modality, Order
from ttm_model.questions.sounds import SOUND_VERBS
from ttm_model.questions.wordlist import listed

STOPS = frozenset(
    listed("stop stops stopped stopping finish finishes finished end ends ended cease ceased")
)
STARTS = frozenset(listed("start starts started starting begin begins began beginning"))
SWITCHES = frozenset(("turn", "turned", "switch", "switched"))

# What may follow the thing without being part of it, and what that says of modality.
_PREDICATES: dict[tuple[str, ...], Modality | None] = {}
for _modality, _lines in (
    (
        "video",
        "depicted|pictured|filmed|captured on camera|part of the picture|on film|before your lens"
        "|on screen|on the screen|on my screen|on your screen|onscreen|on camera|on the camera"
        "|on video|in the picture|in picture|in the frame|in frame|in view|in the view|in sight"
        "|in shot|in the shot|in the image|in the scene|in front of the camera|in front of you"
        "|in front of me|in front of the lens|visible|to be seen|seen|shown|shown to you|displayed"
        "|held up|in the camera|on display|in my hand|in my hands|in your hand|in hand|make an "
        "appearance|made an appearance|makes an appearance|enter the picture|entered the "
        "picture|leave the picture|left the picture|enter the frame|entered the frame|come past"
        "|came past|pass|passed|passing|pass by|passed by|passing by|pass through|passed "
        "through|showing|on show|up on the screen|up on screen|on the display|on the monitor|on "
        "your display|caught on camera|in vision|in the shot|in the background of the picture"
        "|on the feed|in the feed|in the stream|appear|appears|appeared|appearing|show up|shows "
        "up"
        "|showed up|showing up|turn up|turned up|pop up|popped up|come into view|came into view"
        "|come on screen|came on screen|come into the frame|go by|went by|walk by|walked by"
        "|walking by|run by|ran by|walk past|walked past|walking past|run past|ran past|drive by"
        "|drove by|disappear|disappeared|vanish|vanished|leave the screen|left the screen"
        "|leave the frame|left the frame|in the video|stay visible|remain visible|out of sight"
        "|remain on screen|stay on screen|spotted|before the camera|before your eyes"
        "|up to the camera"
        "|to the camera|walk in|walked in|fly by|flew by|flying by|go past|went past"
        "|gone past|gone by|go away|went away|gone away|fly past|flew past",
    ),
    (
        "audio",
        "ring out|rang out|sound out|sounded out|be heard|over the speakers|through the speakers"
        "|blow|blew|blown|blowing"
        "|audible|to be heard|heard|over the microphone|on the microphone|through the microphone"
        "|in the audio|on the audio|sound|sounded|sounding|sounds|go off|goes off|went off"
        "|going off|fired|overheard|on the mic|in my ear|make a sound|made a sound|make a noise"
        "|made a noise|make any noise|make any sound|make noise|making noise|making a noise"
        "|making a sound|on the soundtrack|within earshot|in the recording",
    ),
    (
        None,
        "feature|featured|figure|in evidence|to be found|perceptible|noticeable|detectable"
        "|discernible"
        "|part of the video|part of the recording|part of it|captured|among them"
        "|still going|still|there|around|present|gone|go|went|left|leave|in the background"
        "|happen|happened|happening|occur|occurred|come up"
        "|came up|came|come|arrive|arrived|show itself|in the room|take place|took place|anywhere"
        "|somewhere|to me|to you|for me|for you|nearby|go on|went on|going on|last|lasted|continue"
        "|continued|carry on|remain|remained|stay|stayed|exist|existed|in all|detected|recorded"
        "|noticed|picked up|picked up on|caught|captured|logged|registered|with me|here|or not"
        "|out there|up there|come by|came by|in memory|in your memory"
        "|started|start|starting|stopped|stop|begin|began|end|ends|ended|finish|finishes"
        "|finished|cease|ceased|up|out|around you"
        "|around me|loud enough|in it|too|as well|either|instead|though|though not|exactly|ever"
        "|even once|even|once|anymore|around here|or something|or so|or anything|or what|was|were"
        "|is|are|be|been|did|do|that|like that|clearly|at hand|suddenly|loudly|briefly|twice|being"
        "|hang around|hung around|hanging around|stay around|stayed around|hang about|turn out"
        "|at|among|keep going|at least once|more than once|first|last|next|with you|in there"
        "|for sure|back"
        "|by any chance|stick around|stuck around|run|ran for|begin to|get|have|had|has|come on"
        "|came on|come through|please|you|me|i|and|or|but|to|of|at|in|on|,|for|with|from|the|a",
    ),
):
    for _line in _lines.split("|"):
        _key = tuple(_line.split())
        _PREDICATES.setdefault(_key, _modality)  # type: ignore[arg-type]
for _verb in listed(
    "walk walked walking run ran running go went gone going fly flew flown drive drove driven "
    "swim swam come came"
):
    for _past in ("past", "by", "through"):
        for _whom in ("", "the camera", "you", "me", "the lens", "the window"):
            _PREDICATES.setdefault((_verb, _past, *_whom.split()), "video")
for _verb in listed(
    "come came coming walk walked walking get got go went gone enter entered move moved fly flew "
    "flown drive drove driven run ran step stepped pop popped jump jumped swim swam"
):
    for _way in ("into", "in", "onto", "on", "to", "across", "through", "out of", "off"):
        for _place in listed("shot view frame picture screen scene sight camera image"):
            for _the in ("", "the ", "my ", "your ", "our "):
                _PREDICATES.setdefault((_verb, *f"{_way} {_the}{_place}".split()), "video")
for _verb in listed("cross crossed crossing leave left enter entered leaving entering fill filled"):
    for _place in listed("shot view frame picture screen scene image"):
        for _the in ("", "the ", "my ", "your ", "our "):
            _PREDICATES.setdefault((_verb, *f"{_the}{_place}".split()), "video")
_LONGEST = max(len(key) for key in _PREDICATES)


def without_predicates(words: list[str]) -> tuple[list[str], Modality | None, Order | None]:
    """Drop "on screen", "there", "stopped" … from the end, with what they tell."""
    modality: Modality | None = None
    order: Order | None = None
    while words:
        size = next(
            (
                n
                for n in range(min(_LONGEST, len(words)), 0, -1)
                if tuple(words[-n:]) in _PREDICATES
            ),
            0,
        )
        if words[-2:-1] and words[-2] in SWITCHES and words[-1] in ("on", "off"):
            break  # "the light turn on"
        lone_verb = len(words) == size and size == 1 and words[0] in SOUND_VERBS
        if not size or lone_verb:
            break
        key = tuple(words[-size:])
        if len(words) == size and size == 1 and key[0] in GENERIC:
            break
        modality = modality or _PREDICATES[key]
        if key[0] in STOPS or key[0] in ("disappear", "disappeared", "vanish", "vanished"):
            order = "last"
        elif key[0] in STARTS:
            order = "first"
        words = words[:-size]
    return words, modality, order
