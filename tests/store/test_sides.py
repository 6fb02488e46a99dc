"""A gateway cannot do a worker's work, nor a worker a gateway's."""

from both_sides import Store
from ttm_server.store import GatewayStore, WorkerStore

WORKERS_ALONE = ("acquire", "renew", "release", "commit", "reply", "claim", "begin_trial")
GATEWAYS_ALONE = (
    "ingest",
    "open_stream",
    "ask",
    "delete_session",
    "replace_state",
    "redeem_ticket",
)


def test_neither_side_has_what_is_the_others(store: Store) -> None:
    assert isinstance(store.gateway, GatewayStore)
    assert isinstance(store.worker, WorkerStore)
    for name in WORKERS_ALONE:
        assert hasattr(store.worker, name)
        assert not hasattr(store.gateway, name)
    for name in GATEWAYS_ALONE:
        assert hasattr(store.gateway, name)
        assert not hasattr(store.worker, name)
