"""Common English words that are one slip away from a word of the frame. Data only.

They were found by asking the repair for its opinion on a list of frequent English words.
"""

from ttm_model.questions.wordlist import listed

REAL_WORDS = frozenset(
    listed(
        "acre afterward ally annually appeal appealed area axle becomes beginnings beings bing "
        "boeing cafe cage cake cameo cans care case casually chan chancel chances change clan "
        "code coma comet cone cope core daring defeated defeating defect defected definite "
        "depicting deserted detached detection detective detector died dies directed directing "
        "displaced dogs domes doses dots earliest encounters event every finds fined fins fond "
        "fore fort four fund goat hale hampered hand hard hardened hash hating hats haven haze "
        "heading heads heal healing heap hearings heating heats heaving heir heirs hell helm "
        "herb hero herring hers hips hiss hits holdings hole holes holm holy indexed knew lash "
        "lass lasts lent lest ling listed listener listeners listings littered locked locking "
        "locks lone looming loop loops looted looting lust mace mage maker male manager "
        "managers manages mandated manly mans mare mate maze mighty mind minds mine mines "
        "minus miss moat mode moist mort muse newer novice observer observers obsessed ounce "
        "ours overboard overhead overseas pack packed pact painted painting paintings panicked "
        "pass pasta patting paying peck pest picket picks pink placed placing planning planting "
        "player pleading pleas pleased pleasing pleasure plotting pointedly pointer points pont "
        "possible pounding prayed praying precedent presence presenter presenters presently "
        "presents preserved preserving president presiding pretended pretending prevent "
        "prevented preventing prevents prick printed printing proceeding puck punt puts rally "
        "rare recalled recalls recognizes recorder records reformed regarded registers "
        "registrar registry remembered remembers reported resisted retorted rewarded reworked "
        "sage scouting screened screens seas secondly sect seeking seeks seeming senses sets "
        "seven sewing sexes shadowed shale shame shed sheen shell shocking shooting shopping "
        "shops shots shoulder shouting shoved shoving showered shutting skill sleeping slot "
        "slots slow slowed slowing small smart smoothing sole soothing sore spat spec speeding "
        "spill spitting splitting sporting sports stall stark stars starts stat steering stills "
        "sweeping theirs theme thong thus tide tides ties tiles tilt timed ting tires toll tome "
        "tool tying viewer views wade wage waitress waived wake waking ware wars watering waves "
        "wavy ways weak wears weary weave weaving weir well wheat whoa whore width wills "
        "witches witnesses wits woke worn worse wound wren yours "
    )
)
