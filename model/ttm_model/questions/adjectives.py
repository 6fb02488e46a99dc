"""Adjectives that people ask about. Data only; they are no part of a kind or a time."""

from ttm_model.questions.wordlist import listed

SCALES = frozenset(
    listed(
        "big large small tall short high low loud quiet fast slow old young heavy light hot cold "
        "wide deep bright dark far close near good bad expensive strong happy sad clear noisy"
    )
)
ADJECTIVES = SCALES | frozenset(
    listed(
        "alone afraid sick ill healthy hurt injured naked bald drunk smart clever lazy kind "
        "red green blue yellow orange purple pink brown black white grey gray golden silver "
        "striped "
        "spotted angry nice cute pretty beautiful ugly real fake alive dead open closed wet dirty "
        "clean hungry tired scary funny scared friendly asleep awake broken empty full round "
        "square "
        "male female noisy silent blurry sunny rainy dangerous safe soft annoying boring "
        "interesting "
        "calm electric wooden metal furry fluffy long sharp shiny lit dim ready busy moving still "
        "colourful colorful tiny huge giant louder bigger smaller faster slower older darker"
    )
)
