"""What people say while they show a thing, and much that sounds like it and teaches nothing."""

import pytest

from ttm_model.taught.names import MAX_NAME_BYTES
from ttm_model.taught.voice import named

TEACHES = {
    "This is my cup.": "my cup",
    "this is my cup": "my cup",
    "That's my blue cup.": "my blue cup",
    "And this is my bike.": "my bike",
    "Okay, so this is my old guitar!": "my old guitar",
    "Look, this is our dog.": "our dog",
    "Here is my notebook.": "my notebook",
    "Here's my phone.": "my phone",
    "These are my keys.": "my keys",
    "Those are our chairs.": "our chairs",
    "This one here is my mug.": "my mug",
    "This is Anna's cup.": "Anna's cup",
    "Well, that is my red water bottle here.": "my red water bottle",
    "This is my coffee mug, it is blue.": "my coffee mug",
    "Hello there. This is my hat. I like it.": "my hat",
    "Remember, this is my wallet.": "my wallet",
    "Remember this as the blue folder.": "blue folder",
    "Please remember this as my travel mug.": "my travel mug",
    "Remember this as Bob.": "Bob",
    "Save that as the spare key, please.": "spare key",
    "Learn this as the front door.": "front door",
    "Okay, remember that one as box 12.": "box 12",
    "Memorise this as the good knife.": "good knife",
    "That is called Rex.": "Rex",
    "This is called a metronome.": "metronome",
    "This is called the red one-eyed bear.": "red one-eyed bear",
    "That is our boat over there.": "our boat",
    "We call this the machine.": "machine",
    "Let's call this Dolly.": "Dolly",
    "I call that my lucky coin.": "my lucky coin",
    "Call this one the big drum.": "big drum",
    "This is my work bag.": "my work bag",
    "Das ist meine Tasse.": "meine Tasse",
    "das hier ist mein Fahrrad": "mein Fahrrad",
    "So, das ist unsere Katze.": "unsere Katze",
    "Das sind meine Schlüssel.": "meine Schlüssel",
    "Hier ist meine rote Mütze.": "meine rote Mütze",
    "Dies ist mein alter Hut, er ist braun.": "mein alter Hut",
    "Merk dir das als meine Tasse.": "meine Tasse",
    "Merke dir das bitte als die Werkzeugkiste.": "Werkzeugkiste",
    "Bitte speichere das als Ersatzschlüssel.": "Ersatzschlüssel",
    "Lern das als die Haustür.": "Haustür",
    "Das hier heißt Rex.": "Rex",
    "Das nennt man ein Metronom.": "Metronom",
    "Wir nennen das die Maschine.": "Maschine",
}

TEACHES_NOTHING = [
    # questions
    "Is this my cup?",
    "This is my cup?",
    "Isn't this my cup?",
    "What is this called?",
    "Is that called a metronome",
    "Do you remember this as the blue folder?",
    "This is my cup, right?",
    "This is my cup, isn't it",
    "Ist das meine Tasse?",
    "Das ist meine Tasse, oder?",
    "Wie heißt das?",
    # denials
    "This is not my cup.",
    "This isn't my cup.",
    "That's not called a metronome.",
    "Don't remember this as the blue folder.",
    "Never save that as my key.",
    "This is my cup, not.",
    "Das ist nicht meine Tasse.",
    "Das ist keine Tasse.",
    "Merk dir das nicht als meine Tasse.",
    # said by others, or only thought of
    "He said this is my cup.",
    "I think this is my cup.",
    "If this is my cup, I will wash it.",
    "Maybe this is my cup.",
    "She asked whether that is my bag.",
    "Er sagt, das ist meine Tasse.",
    "Wenn das meine Tasse ist, spüle ich sie.",
    "I remember this as a good time.",
    "You can save that as the default.",
    # what cannot be shown
    "This is my favourite song.",
    "That is my opinion.",
    "This is my idea.",
    "That's my point.",
    "This is my first time here.",
    "This is my cup of tea.",
    "That's my fault.",
    "This is our last chance.",
    "Here is my plan.",
    "This is my problem with it.",
    "Das ist meine Meinung.",
    "Das ist mein Lieblingslied.",
    "Das ist mein Ernst.",
    # persons: who somebody is, is not learnt
    "This is my mother.",
    "This is my friend Anna and her dog.",
    "This is my friend Anna.",
    "Das ist mein Freund Peter.",
    "That's my brother.",
    "These are my parents.",
    "Das ist meine Schwester.",
    # said of something else
    "It's called Minecraft.",
    "Save this as draft.",
    "Save that as a backup.",
    "Keep this as a secret.",
    "Remember that as a joke.",
    "Das heißt Ärger.",
    "Das nennt man Schicksal.",
    "Merk dir das als ein Versprechen.",
    # no name in it
    "This is great.",
    "This is a cup.",
    "This is the problem.",
    "That is called cheating.",
    "I call that a disaster, but fine.",
    "This is today's newspaper.",
    "This is your cup.",
    "This is my cup and that is my plate.",
    "Remember this.",
    "Remember this as what it was.",
    "Call this number.",
    "My cup is here.",
    "Das heißt nicht viel.",
    "Das heißt, wir gehen jetzt.",
    "Das ist gut.",
    "This is my.",
    "",
    "...",
]


@pytest.mark.parametrize(("said", "name"), TEACHES.items())
def test_a_thing_is_named(said, name):
    assert named(said) == name


@pytest.mark.parametrize("said", TEACHES_NOTHING)
def test_nothing_is_named(said):
    assert named(said) is None


def test_a_name_that_has_no_room_is_none():
    assert named("Remember this as the " + "very" * 20 + " cup.") is None
    longest = "x" * MAX_NAME_BYTES
    assert named(f"Remember this as {longest}.") == longest
    assert named(f"Remember this as {longest}x.") is None


def test_the_curled_apostrophe_of_a_recogniser_is_one():
    assert named("That’s my cup.") == "my cup"
