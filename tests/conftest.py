"""What several test folders share: real servers, stores on them, and Node."""

from browser.node_fixtures import node, packages  # noqa: F401
from servers import (  # noqa: F401
    clean_server,
    clean_valkey,
    own_server,
    raw,
    redis_server,
    settings,
    store,
    valkey_server,
)
from tiers import s3_server, tier  # noqa: F401
