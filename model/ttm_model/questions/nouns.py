"""Singular forms of nouns, by rule and a short list of exceptions."""
# ruff: noqa: PLR0911  (ordered rules read best as one list of early returns)

from ttm_model.questions.wordlist import listed

_IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "kids": "kid",
    "mice": "mouse",
    "geese": "goose",
    "feet": "foot",
    "teeth": "tooth",
    "knives": "knife",
    "wolves": "wolf",
    "leaves": "leaf",
    "loaves": "loaf",
    "calves": "calf",
    "oxen": "ox",
    "cookies": "cookie",
    "movies": "movie",
    "pies": "pie",
    "ties": "tie",
    "zombies": "zombie",
    "selfies": "selfie",
    "shoes": "shoe",
    "canoes": "canoe",
    "horses": "horse",
    "houses": "house",
    "noises": "noise",
    "voices": "voice",
    "buses": "bus",
    "roses": "rose",
    "vases": "vase",
    "nurses": "nurse",
    "purses": "purse",
    "cases": "case",
    "blouses": "blouse",
    "axes": "axe",
    "headaches": "headache",
    "avocados": "avocado",
}
_SAME = frozenset(
    listed(
        "glasses sunglasses scissors trousers pants jeans headphones binoculars pliers news series "
        "species goggles tongs lens bus gas atlas canvas iris tennis chess christmas rhinoceros "
        "triceratops "
        "octopus cactus walrus hippopotamus platypus virus compass bagpipes pyjamas pajamas shorts "
        "clothes stairs maracas bongos"
    )
)


def singular(noun: str) -> str:
    """Give the singular of a noun; unknown shapes and short words are left alone."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun in _SAME or len(noun) < 4 or not noun.endswith("s"):
        return noun
    if noun.endswith(("ss", "us", "is")):
        return noun
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith("zes") and not noun.endswith(("zzes", "tzes")):
        return noun[:-1]
    if noun.endswith(("ches", "shes", "sses", "xes", "zes", "oes")):
        return noun[:-2]
    return noun[:-1]


def plural(noun: str) -> str:
    """Give a plausible plural, for generated questions."""
    for many, one in _IRREGULAR.items():
        if one == noun:
            return many
    if noun in _SAME or noun.endswith("s"):
        return noun if noun in _SAME else noun + "es"
    if noun.endswith(("ch", "sh", "x", "z")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"
