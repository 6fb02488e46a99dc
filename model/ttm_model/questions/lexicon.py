"""The closed vocabulary of questions: function words and verbs. It holds data, no logic."""

from ttm_model.questions.parsed import Modality
from ttm_model.questions.wordlist import listed

UNITS: dict[str, float] = {
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "m": 60.0,
    "min": 60.0,
    "mins": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
    "hrs": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
}
DETERMINERS = frozenset(
    listed("a an the any some my your his her their our this these those another no")
)
AUX = frozenset(
    listed(
        "did do does done have has had having was were is are be been being am can could would "
        "will "
        "might may shall should must"
    )
)
PRONOUNS = frozenset(
    listed("you i we they he she me us there it him yourself myself everyone everybody")
)
PEOPLE = frozenset(
    listed(
        "someone somebody anyone anybody people person persons everyone everybody i you he she "
        "they "
        "we me"
    )
)
NEGATIONS = frozenset(("not", "never", "no"))
ADVERBS = frozenset(
    listed(
        "ever perchance also really actually even still just happen happened manage managed get "
        "got able "
        "possibly perhaps maybe already once to too by chance let make made so at all definitely "
        "exactly precisely "
        "indeed clearly briefly suddenly"
    )
)
CONNECTIVES: dict[str, str] = {
    "before": "before",
    "after": "after",
    "while": "with",
    "whilst": "with",
    "during": "with",
    "as": "with",
    "when": "with",
    "since": "after",
    "until": "before",
    "till": "before",
    "following": "after",
    "preceding": "before",
    "alongside": "with",
    "afterwards": "after",
}
JOINTS = frozenset(
    listed(
        "of with in on at from by for to near behind under beside past through into over like and "
        "or around across along about onto without up down outside inside"
    )
)
WEATHER = frozenset(
    listed("raining rained rain snowing snowed snow hailing thunder hail thundering thundered")
)
WH = frozenset(listed("what which when who whom whose why how where whether"))

# Verbs of seeing, showing, hearing and noticing, every form; None: the verb does not tell.
_VERBS: dict[Modality | None, str] = {
    "video": (
        "see sees seen saw seeing show shows showed shown showing look looks looked looking watch "
        "watches watched watching spot spots spotted spotting hold holds held holding view viewed "
        "viewing viewing present presented presenting display displayed displaying display "
        "displays observe observed observing witness witnessed witnessing glimpse glimpsed "
        "put putting wave waved waving point pointed pointing"
    ),
    "audio": "hear hears heard hearing listen listens listened listening overhear overheard",
    None: (
        "notice notices noticed noticing detect detected detecting perceive perceived catch caught "
        "encounter encountered register registered find found sense sensed record recorded "
        "recognise recognize recognised recognized come across pick picked"
    ),
}
PERCEPTION: dict[tuple[str, ...], Modality | None] = {
    (word,): modality
    for modality, words in _VERBS.items()
    for word in words.split()
    if word not in {"come", "across", "pick", "picked", "put", "wave", "point", "present"}
}
_PARTICLES: dict[str, str] = {
    "hold held holding": "up",
    "look looked looking": "at",
    "listen listened listening": "to",
    "point pointed pointing": "at",
    "come came": "across",
    "put putting": "up",
    "pick picked": "up",
    "wave waved waving": "around",
}
PERCEPTION |= {
    (verb, particle): PERCEPTION.get((verb,), "video" if verb[0] in "pw" else None)
    for verbs, particle in _PARTICLES.items()
    for verb in verbs.split()
}
PERCEPTION |= {
    ("pick", "up"): None,
    ("picked", "up"): None,
    ("put",): "video",
    ("catch", "sight", "of"): "video",
    ("caught", "sight", "of"): "video",
    ("get", "a", "look", "at"): "video",
    ("got", "a", "look", "at"): "video",
    ("get", "sight", "of"): "video",
    ("got", "sight", "of"): "video",
    ("become", "aware", "of"): None,
    ("became", "aware", "of"): None,
    ("come", "across"): None,
    ("come", "upon"): None,
    ("came", "upon"): None,
    ("lay", "eyes", "on"): "video",
    ("laid", "eyes", "on"): "video",
    ("set", "eyes", "on"): "video",
    ("make", "out"): None,
    ("made", "out"): None,
    ("pick", "out"): None,
    ("picked", "out"): None,
    ("discern",): None,
    ("discerned",): None,
    ("sighted",): "video",
    ("capture",): None,
    ("captured",): None,
    ("shown", "to"): "video",
    ("present",): "video",
    ("wear",): "video",
    ("wore",): "video",
    ("wearing",): "video",
    ("wave",): "video",
    ("waved",): "video",
    ("waving",): "video",
    ("catch", "a", "glimpse", "of"): "video",
    ("caught", "a", "glimpse", "of"): "video",
    ("play",): "audio",
    ("played",): "audio",
    ("playing",): "audio",
}
PRESENT_PERCEPTION = frozenset(listed("see hear seeing hearing"))
PERCEIVE_WORDS = frozenset(w for (w, *_) in PERCEPTION)

HAPPEN = frozenset(
    listed(
        "happen happened happening happens going went on occur occurred occurring take took taking "
        "place there here up visible audible playing played around in view present come came "
        "appear appeared appearing seen heard shown showing go out be been next then exactly "
        "everything all anything something things stuff to be able"
    )
)
GENERIC: dict[str, Modality | None] = {
    "thing": None,
    "things": None,
    "anything": None,
    "something": None,
    "everything": None,
    "stuff": None,
    "one": None,
    "event": None,
    "events": None,
    "item": "video",
    "items": "video",
    "object": "video",
    "objects": "video",
    "picture": "video",
    "pictures": "video",
    "image": "video",
    "images": "video",
    "photo": "video",
    "photos": "video",
    "sight": "video",
    "sights": "video",
    "sound": "audio",
    "sounds": "audio",
    "noise": "audio",
    "noises": "audio",
    "audio": "audio",
}

SPELLING_VOCABULARY = (
    AUX
    | PRONOUNS
    | NEGATIONS
    | ADVERBS
    | WH
    | DETERMINERS
    | PERCEIVE_WORDS
    | frozenset(CONNECTIVES)
    | frozenset(UNITS)
    | frozenset(
        listed(
            "many times time often long ago last first between recently lately earlier please "
            "tell remember know anything something someone anyone anybody if start beginning "
            "happened happening screen and or of in on at with for from that past what's thing "
            "things minutes appear appeared most recent recall same about"
        )
    )
    | frozenset(",")
)
# Real words that are one slip away from a function word.
NEVER_RESPELL = frozenset(
    listed(
        "heart hearts beard board seed seeds shoe shoes snow show shower were where here hare hear "
        "head herd herds that than then them these those there their three tree trees fist first "
        "list last lost host most post past paste part party wash wish watch witch match patch "
        "catch "
        "hatch latch tame lime time dime tile tire mime many money honey mane main mini mint "
        "song long "
        "lung king being wing ring sing ping thing think thin swing spring string bring having "
        "shaving "
        "shave have hive wave cave gave like bike took book look cook hook foot food good wood "
        "hood "
        "door boot root moon noon soon spoon stop star start stare state story sport spot spit "
        "shot "
        "shop ship chip both bath path math bus bush busy very even ever never lever river fever "
        "over "
        "oven open pen sheep sleep steep seem seek seal sear scene screen green queen seat meat "
        "heat "
        "beat bean mean lean clean leaf left lift gift soft sofa some same sale sail snail nail "
        "mail "
        "save safe sand send said sell hast haste sane sake soak sofa least beast feast yeast "
        "coast leave leaves leaving alone enter sure pure cure hall ball bell belt bold gold "
        "cold hold held help hello hill hire high wide wild wall "
        "walk "
        "talk tall tell told roll role rose nose note noise nice mice rice race face lace place "
        "plate "
        "plane plan plant play clay tray pray gray grey great grape shape sharp shark share shore "
        "short shirt shout about around round ground sound hound pound mound house mouse horse "
        "moss "
        "wind wine wire work word world worm warm farm form from frog fork froze after alter altar "
        "later water waiter writer white while whale wheel whole who whose those hose how howl owl "
        "bowl towel tower power flower lower slower cane came camel cat came come comb bomb tomb "
        "home "
        "hone dome done bone tone stone phone photo piano viola violin bells does dose goes "
        "shoes toes "
        "nose doors must mist mast mask dusk dust duck durian drums drum dune tune tube june since "
        "sink sing single signal singer finger ginger hinge binge being bring bringing ding able "
        "table "
        "cable label fable stable maple apple ample just jest juice wasp wart swan want went "
        "vent tent "
        "cent rent sent send seen sees been beef beer bees bear bead read road toad load lead lids "
        "find fine fire five dive dove love glove give live view crew news newt sewn shown known "
        "knot "
        "knob knock clock click clocks sock rock lock luck lucky ducky donkey monkey turkey "
        "hockey may "
        "lamp camp damp lame game name fame flame frame drape drone crone crane train brain "
        "grain rain "
        "gain pain paint faint print point joint coin cones cape tape gate late hate date data "
        "rate "
        "dance lance chance chant church tiger timer tower towers minute minuet"
    )
)
