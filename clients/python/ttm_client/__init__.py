"""Client SDK of ttmserve: sessions, streaming with resume, questions.

Knows the wire protocol and the REST calls; never the server's insides.
"""

from ttm_client.files import FileSource
from ttm_client.rest import Client
from ttm_client.source import MediaChunk
from ttm_client.streaming import StreamProgress, stream

__all__ = ["Client", "FileSource", "MediaChunk", "StreamProgress", "stream"]
