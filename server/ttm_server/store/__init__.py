"""Everything about Redis: keys, scripts, sessions, questions, and the embedded server.

Nothing outside this package builds a key or imports redis.
"""

from ttm_server.store.embedded import EmbeddedServer
from ttm_server.store.facade import GatewayStore, Store, WorkerStore
from ttm_server.store.keys import check_session_id
from ttm_server.store.models import ModelAnnounced, fingerprint
from ttm_server.store.signals import Wake
from ttm_server.store.types import (
    Acquired,
    Ask,
    AskKind,
    CommitResult,
    Ingested,
    IngestStatus,
    Kept,
    OpenWork,
    Progress,
    Reply,
    SessionInfo,
    SessionState,
    Status,
    StreamOpened,
)
from ttm_server.store.workers import WorkerBeat, Workers, WorkerState

__all__ = [
    "Acquired",
    "Ask",
    "AskKind",
    "CommitResult",
    "EmbeddedServer",
    "GatewayStore",
    "IngestStatus",
    "Ingested",
    "Kept",
    "ModelAnnounced",
    "OpenWork",
    "Progress",
    "Reply",
    "SessionInfo",
    "SessionState",
    "Status",
    "Store",
    "StreamOpened",
    "Wake",
    "WorkerBeat",
    "WorkerState",
    "WorkerStore",
    "Workers",
    "check_session_id",
    "fingerprint",
]
