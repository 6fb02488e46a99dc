"""Whom an `https://` server's certificate is checked against. Knows no socket.

The authorities that this machine trusts, those of the `certifi` package, and those of the file that
`SSL_CERT_FILE` names: a server on a local network has a certificate of an authority of its own.
"""

from __future__ import annotations

import ssl

import certifi


def context_for(base_url: str) -> ssl.SSLContext | None:
    """The context for connections to `base_url`; None where it is not `https://`."""
    if not base_url.lower().startswith("https://"):
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
