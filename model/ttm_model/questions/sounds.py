"""Words for sounds: nouns that are clearly heard and verbs that make them. Data and lookups."""

from dataclasses import dataclass

from ttm_model.questions.wordlist import listed


@dataclass(frozen=True, slots=True)
class SoundVerb:
    """`alone` names the sound without its maker ("laughter"), `after` with it ("baby cry").

    `noun_like`: the bare form is also the name of a visible thing ("a gold ring").
    """

    alone: str
    after: str
    noun_like: bool = False


def _forms(lemma: str) -> list[str]:
    """All regular forms of a verb, for the closed list below."""
    if lemma.endswith("e"):
        return [lemma, lemma + "s", lemma + "d", lemma[:-1] + "ing"]
    if lemma.endswith("y") and lemma[-2] not in "aeiou":
        return [lemma, lemma[:-1] + "ies", lemma[:-1] + "ied", lemma + "ing"]
    stem = lemma + lemma[-1] if lemma in _DOUBLING else lemma
    plural = lemma + ("es" if lemma.endswith(("s", "sh", "ch", "x", "z")) else "s")
    return [lemma, plural, stem + "ed", stem + "ing"]


_DOUBLING = frozenset(listed("clap tap slam drum hum pop rap chat chirrup drip strum"))
_SELF = listed(
    "bark meow miaow mew growl howl roar moo neigh oink quack chirp tweet squawk caw hoot croak "
    "hiss purr bleat cluck crow gobble whinny squeak squeal screech yelp whimper snarl bray "
    "knock slam bang thump thud creak crash rattle rumble clatter clang click clink jingle chime "
    "beep buzz honk toot tick crackle splash gurgle rustle sizzle explode fizz drip hum "
    "cough sneeze burp hiccup gasp sigh groan moan snore sniff yawn giggle chuckle cheer boo "
    "whistle ring shout yell scream shriek whisper mumble clap tap pop drum strum beat"
)
_IRREGULAR: dict[str, tuple[str, str]] = {
    "speak speaks spoke spoken speaking": ("speech", "speaking"),
    "talk talks talked talking": ("speech", "talking"),
    "chat chats chatted chatting": ("speech", "talking"),
    "say says said saying": ("speech", "speaking"),
    "sing sings sang sung singing": ("singing", "singing"),
    "laugh laughs laughed laughing": ("laughter", "laughter"),
    "cry cries cried crying": ("crying", "cry"),
    "weep weeps wept weeping": ("crying", "cry"),
    "applaud applauds applauded applauding": ("applause", "applause"),
    "clap claps clapped clapping": ("clapping", "clapping"),
    "ring rings rang rung ringing": ("ring", "ring"),
    "break breaks broke broken breaking": ("break", "break"),
    "shatter shatters shattered shattering": ("shatter", "shatter"),
    "explode explodes exploded exploding": ("explosion", "explosion"),
    "drum drums drummed drumming": ("drum", "drum"),
    "thunder thunders thundered thundering": ("thunder", "thunder"),
    "snore snores snored snoring": ("snoring", "snoring"),
    "breathe breathes breathed breathing": ("breathing", "breathing"),
    "strum strums strummed strumming": ("strumming", "strumming"),
    "type types typed typing": ("typing", "typing"),
    "drill drills drilled drilling": ("drilling", "drilling"),
    "hammer hammers hammered hammering": ("hammering", "hammering"),
    "howl howls howled howling": ("howl", "howl"),
}
_NOUN_LIKE = frozenset(
    listed(
        "type drill hammer ring whistle drum tick crow click tap pop beat bang splash clang break"
    )
)

SOUND_VERBS: dict[str, SoundVerb] = {}
BASE_FORMS: set[str] = set()
for _lemma in _SELF:
    BASE_FORMS.add(_lemma)
    for _form in _forms(_lemma):
        SOUND_VERBS[_form] = SoundVerb(_lemma, _lemma, _lemma in _NOUN_LIKE)
for _words, (_alone, _after) in _IRREGULAR.items():
    _all = _words.split()
    BASE_FORMS.add(_all[0])
    for _form in _all:
        SOUND_VERBS[_form] = SoundVerb(_alone, _after, _all[0] in _NOUN_LIKE)

# Things that are named by their sound: "did the bell ring" asks for "bell".
SELF_SOUNDING = frozenset(
    listed(
        "bell doorbell alarm siren horn gong chime buzzer music song tune melody thunder applause "
        "whistle drum trumpet choir"
    )
)
INSTRUMENTS = frozenset(
    listed(
        "guitar piano violin drum flute trumpet saxophone cello organ harp accordion banjo ukulele "
        "clarinet trombone keyboard harmonica tambourine bass fiddle oboe tuba recorder cymbal "
        "xylophone synthesizer bagpipe mandolin percussion"
    )
)
SOUND_NOUNS = frozenset(
    listed(
        "music song melody tune jingle speech voice talking siren alarm thunder applause laughter "
        "laugh noise sound singing crying knocking knock footstep footsteps beeping beep scream "
        "shout "
        "cough sneeze bark barking meow explosion gunshot bang thud clapping cheer cheering hum "
        "humming buzz buzzing static silence whisper whispering growl roar howl squeak squeal "
        "screech chirp chirping tweet quack moo neigh honk ringtone lullaby rhythm chord birdsong "
        "snoring breathing rumble rattle creak clatter doorbell conversation chatter echo "
        "clang thump crash gasp sigh snore giggle hiccup burp caw hoot hiss purr"
    )
)
MASS = frozenset(
    listed(
        "music speech thunder applause laughter singing crying clapping talking rain water "
        "birdsong "
        "breathing snoring snow fire smoke traffic"
    )
)


def is_sound_noun(phrase: str) -> bool:
    """Whether the head (last word) of a phrase can only be heard."""
    head = phrase.rsplit(" ", 1)[-1]
    return head in SOUND_NOUNS or (head in SOUND_VERBS and not SOUND_VERBS[head].noun_like)
