"""What several test folders share: real servers and stores on them."""

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
