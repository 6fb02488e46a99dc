"""What a lost connection means to a client, and how patient it is."""

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from ttm_client.failures import FIRST_PAUSE_S, MAX_PAUSE_S, Lost, Patience, error_of_close
from ttm_client.failures import error_of_message as of_message
from ttm_protocol.errors import (
    OUTCOMES,
    Overloaded,
    ProtocolError,
    Quarantined,
    SessionNotFound,
    Superseded,
    outcome_of,
)
from ttm_protocol.messages import Error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (4409, Superseded),
        (4404, SessionNotFound),
        (4400, ProtocolError),
        (1012, Lost),
        (1013, Lost),
        (4401, Lost),
        (4429, Lost),
        (1006, Lost),
    ],
)
def test_a_close_whose_error_did_not_come_through(code, kind):
    closed = ConnectionClosedError(Close(code, "because"), None)
    error = error_of_close(closed)
    assert type(error) is kind
    assert "because" in str(error)


def test_a_connection_that_just_ended_is_tried_again():
    assert isinstance(error_of_close(ConnectionClosedError(None, None)), Lost)


def test_every_error_of_the_server_is_final_or_tried_again():
    for kind, outcome in OUTCOMES.items():
        error = of_message(Error(code=outcome.code, message="x", retryable=outcome.retryable))
        again = outcome.retryable or outcome.code == "unauthenticated"
        assert isinstance(error, Lost) is again, kind
        if not again:
            assert outcome_of(error) == outcome
    assert isinstance(
        of_message(Error(code="quarantined", message="x", retryable=False)), Quarantined
    )


def test_pauses_grow_until_something_is_good_again():
    patience = Patience(30.0)
    pauses = [patience.pause_s(0.0, False, Lost()) for _ in range(8)]
    assert FIRST_PAUSE_S / 2 <= pauses[0] <= FIRST_PAUSE_S
    assert MAX_PAUSE_S / 2 <= pauses[-1] <= MAX_PAUSE_S
    assert patience.pause_s(1.0, True, Lost()) <= FIRST_PAUSE_S


def test_it_gives_up_only_after_nothing_was_good_for_so_long():
    patience = Patience(30.0)
    for now_s in range(0, 300, 20):
        patience.pause_s(float(now_s), now_s % 40 == 0, Lost())
    patience.pause_s(300.0, True, Lost())
    patience.pause_s(330.0, False, Lost())
    with pytest.raises(Overloaded, match="no progress for 30 s: gone"):
        patience.pause_s(331.0, False, Lost("gone"))
