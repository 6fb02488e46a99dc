"""Tokens to words: what belongs to a word, and what is only a mark."""

from ttm_model.speech.spelling import words_of
from ttm_model.speech.whisper import Token, unlooped

PIECES = [" And", " Mr", ".", " Dash", "wood", ",", " don", "'t", " —", " go"]


def tokens(count):
    return [Token(number, 0.5 + number / 100, number, number + 1) for number in range(count)]


def reader(pieces):
    return lambda numbers: b"".join(pieces[number] for number in numbers).decode("utf-8", "replace")


def spell(pieces, language="en", begin_s=0.0):
    pieces = [piece if isinstance(piece, bytes) else piece.encode() for piece in pieces]
    return words_of(tokens(len(pieces)), reader(pieces), language, begin_s)


def test_pieces_join_to_words_without_the_marks_around_them():
    assert [word.text for word in spell(PIECES)] == ["And", "Mr", "Dashwood", "don't", "go"]


def test_a_word_lasts_from_its_first_piece_to_its_last_that_sounds():
    words = spell(PIECES, begin_s=10.0)
    assert (words[2].start_s, words[2].end_s) == (13.0, 15.0)
    assert words[2].p == (0.53 + 0.54) / 2


def test_the_bytes_of_a_letter_are_never_parted():
    assert [word.text for word in spell([" T", b"\xc3", b"\xbc", "r"], "de")] == ["Tür"]
    assert [word.text for word in spell([b"\xe4\xbd", b"\xa0", "好"], "zh")] == ["你", "好"]


def test_marks_alone_are_no_word():
    assert spell([" ...", " !"]) == ()
    assert spell([]) == ()


def test_a_loop_without_an_end_is_left_once():
    assert unlooped([7, 8, 1, 2, 3, 1, 2, 3, 1, 2, 3]) == [7, 8, 1, 2, 3]
    assert unlooped([5, 4, 4, 4, 4]) == [5, 4]


def test_a_loop_that_broke_off_within_is_left_once():
    assert unlooped([7, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1]) == [7, 1, 2, 3]


def test_what_is_no_loop_and_has_no_end_is_nothing():
    assert unlooped([1, 2, 3, 4, 5, 6]) == []
    assert unlooped([1, 2, 1, 2]) == []
    assert unlooped([]) == []
