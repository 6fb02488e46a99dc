"""Everything about Redis: keys, scripts, sessions, questions, and the embedded server.

Nothing outside this package builds a key or imports redis.
"""

from ttm_server.store.embedded import EmbeddedServer
from ttm_server.store.facade import Store
from ttm_server.store.keys import check_session_id
from ttm_server.store.models import ModelAnnounced, fingerprint
from ttm_server.store.signals import Wake
from ttm_server.store.types import (
    Acquired,
    Ask,
    CommitResult,
    Ingested,
    IngestStatus,
    Kind,
    Progress,
    Reply,
    SessionInfo,
    SessionState,
    Status,
    StreamOpened,
)
from ttm_server.store.watching import Watcher

__all__ = [
    "Acquired",
    "Ask",
    "CommitResult",
    "EmbeddedServer",
    "IngestStatus",
    "Ingested",
    "Kind",
    "ModelAnnounced",
    "Progress",
    "Reply",
    "SessionInfo",
    "SessionState",
    "Status",
    "Store",
    "StreamOpened",
    "Wake",
    "Watcher",
    "check_session_id",
    "fingerprint",
]
