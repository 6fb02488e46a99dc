"""A small grammar of polite and doubtful openings: "would you mind telling me". Knows no things."""

import re

_SOFT = (
    "please|kindly|possibly|maybe|perhaps|just|also|quickly|really|still|even|actually"
    "|at all|by any chance|happen to|truly|so|very|quite|most|pretty|fairly|rather|honestly|do|,"
)
_S = rf"(?:(?:{_SOFT}) )*"
_ASKS = r"(?=if\b|whether\b|when\b|what\b|which\b|how\b|that\b|at what\b|there\b|, )"
# Verbs that hand over knowledge; those of the second line also mean other things, so that a
# question must follow them ("can you see a dog" is itself the question).
_TELL = (
    r"(?:tell|telling|remind|reminding|inform|informing|answer|answering|give|giving|recall"
    r"|recalling|remember|remembering|recollect|name|naming|list|listing|state|stating|describe"
    r"|describing|summarise|summarize|summarising|summarizing|explain|confirm|confirming"
    r"|let|letting)(?: to)?(?: (?:me|us))?(?: (?:know|in on|again|of|about|on|exactly))*"
)
_FIND = (
    r"(?:see|say|saying|check|checking|look|have a look|take a look|work out|working out|find out"
    r"|finding out|figure out|figuring out|look up|look back|determine|establish|make out|verify"
    r"|ask|asking|learn|hear|be sure|make sure|understand|recap|guess|think|know|knowing)"
    r"(?: for (?:me|us))?(?: (?:and see|and check|to see|and tell me|exactly))?"
)
_KNOW = r"(?:know|ask|find out|be told|be reminded|be sure|learn|remember|recall)"
_YOU_CAN = r"(?:can|could|would|will|might|may)"
_GLAD = r"(?:grateful|glad|happy|pleased|thankful|obliged|delighted|interested|curious|keen)"
_NICE = r"(?:good|great|nice|helpful|useful|interesting|lovely|handy|possible)"
_TRUE = r"(?:right|true|correct|the case|possible|a fact|so|likely|fair|accurate)"
_NOTION = (
    r"(?:idea|clue|notion|inkling|memory|memories|recollection|knowledge|record|records|trace"
    r"|evidence|note|mention|log|information|info|details)"
)
_UNSURE = (
    r"(?:wonder|wondering|am wondering|was wondering|was just wondering|am curious|was curious"
    r"|am not sure|am unsure|am not certain|was not sure|forget|forgot|have forgotten"
    r"|(?:can|could|do|did) not (?:\w+ )?(?:remember|recall|know|tell|say|think)|have no idea"
    r"|have no clue|missed|lost track of|am asking|want|need|would like|could use)"
)

_GRAMMAR = (
    # "could you please be so kind as to tell me"
    rf"{_S}{_YOU_CAN} you {_S}(?:(?:be )?(?:{_S}(?:kind|good|nice) (?:enough |as )?to|able to"
    rf"|willing to|so good as to) |mind |like to |care to |manage to |try to |go and ){_S}"
    rf"(?:{_TELL}|{_FIND} {_ASKS})",
    rf"{_S}{_YOU_CAN} you {_S}(?:{_TELL}|{_FIND} {_ASKS})",
    rf"{_S}(?:do|did|would|will|can) you {_S}(?:happen to )?{_S}"
    r"(?:remember|recall|recollect|know|think|believe|reckon|suppose|guess)(?: (?:of|about))?",
    rf"{_S}(?:are|were) you (?:able|in a position) to (?:{_TELL}|{_FIND} {_ASKS})",
    rf"{_S}(?:go and )?(?:verify|check|double check|confirm|determine|establish|find out|work out"
    rf"|figure out|see|look|look up|guess|say|ask)(?: for me| once more| please)* "
    r"(?=if\b|whether\b|when\b|how many\b|how often\b|how long\b)",
    # "I would really like to know"
    rf"{_S}(?:i|we) {_S}(?:would {_S}(?:like|love|want|prefer|be {_S}{_GLAD})|want|wanted|need"
    rf"|needed|like|wish|hope|am trying|was trying|am hoping|was hoping|am keen|am dying"
    rf"|am {_GLAD}|have) {_S}(?:you )?(?:to|in|about|for you to|if i could) {_S}"
    rf"(?:{_KNOW}|{_TELL}|{_FIND} {_ASKS}|knowing|finding out|hearing {_ASKS})(?: from you)?",
    rf"{_S}(?:i|we) (?:would|will|should) (?:be {_S}{_GLAD}|appreciate it|love it|like it) if you "
    rf"(?:could|would|can|might) {_S}(?:{_TELL}|{_FIND} {_ASKS})",
    rf"{_S}(?:i|we) {_S}{_UNSURE}(?: (?:as to|about|of))? {_ASKS}",
    rf"{_S}(?:i|we) {_S}(?:think|believe|guess|suppose|reckon|assume|am {_S}(?:sure|certain)"
    r"|could swear|could have sworn|swear|bet)",
    r"reckon(?: that)?",
    # "it would be good to know"
    rf"it would be {_S}{_NICE} (?:for me |for us )?(?:to know|to be told|to hear {_ASKS}|if you "
    rf"(?:could|would|told|can) {_S}{_TELL})",
    rf"would it be {_S}{_NICE} (?:for you )?to (?:{_TELL}|know|{_FIND} {_ASKS})",
    rf"(?:is|was|would|could|can) it (?:be )?{_S}{_TRUE}(?: to say)? (?:that|if)",
    r"(?:can|could) it be that",
    r"am i (?:right|correct|wrong)(?: in (?:thinking|saying|believing)| to (?:think|say))?(?: "
    r"that)?",
    r"(?:is there |was there |what is the |what are the )?(?:any |a )?(?:chance|chances"
    r"|possibility"
    rf"|odds|way)(?: (?:that|of knowing|of telling|to (?:know|say|{_TELL})))?"
    r"(?= (?:you|i|there|if|whether|when|how|what|we|that|someone|anyone)\b)",
    rf"(?:do|have|would|did) you {_S}(?:have |got |have got )?(?:any|an|a|some|the (?:foggiest"
    rf"|slightest|faintest)) {_NOTION}(?: (?:of|about|as to|on|for|that))?",
    rf"(?:is|are|was) there (?:any|an|a|some) {_NOTION} (?:of|about|as to|on|for|that)",
    rf"any {_NOTION}(?: (?:of|about|as to|on))?",
    # "what I want to know is"
    rf"(?:what|all) (?:i|we) {_S}(?:want|wanted|need|would like|would love|am trying|am asking"
    rf"|wonder|am wondering|am after)(?: to (?:{_KNOW}|check))?(?: is| was)",
    r"(?:so )?(?:my|the|a|one|another|next|here is (?:my|a))(?: \w+)? question(?: (?:is|was"
    r"|would be"
    r"|for you|to you))*",
    # "have a look and tell me"
    rf"(?:have a look|take a look|look back|go back|think back|try|have a think|look|search|go)"
    rf"(?: (?:and|to|in|through|your memory|for me|please|,))*(?: (?:{_TELL}|{_FIND})) ?{_ASKS}",
    r"(?:cast your mind back|think back|thinking back|looking back|(?:search|check|look in|consult"
    r"|scan) (?:your|the) (?:memory|memories|recording|recordings|log|logs|records))(?: for)?",
    r"(?:as far as|from what|if|for all) you (?:can |could |still )?(?:remember|recall|know|tell)",
    r"to the best of your (?:knowledge|memory|recollection)",
    r"see if you (?:can|could) (?:tell me|remember|recall|say|find)",
    r"(?:in|from) your (?:memory|memories|opinion|logs|records)",
    r"(?:remind|tell|inform|give) (?:me|us)(?: (?:again|of|about|please|exactly))+",
)
_COMPILED = tuple(re.compile(rf"(?:{rule})(?:(?<= )|(?= |$))") for rule in _GRAMMAR)


def frame_length(words: list[str]) -> int:
    """Number of words at the front that only frame a question; 0 where none do."""
    text = " ".join(words[:24])
    best = 0
    for rule in _COMPILED:
        found = rule.match(text)
        if found and found.end() > best:
            best = found.end()
    return len(text[:best].split())
