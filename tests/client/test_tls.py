"""Over TLS: whose certificates are taken, and what a proxy without its server means."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import subprocess
import sys

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ttm_client import Client
from ttm_client.rest import error_of
from ttm_client.tls import context_for
from ttm_protocol.errors import StoreUnavailable, outcome_of


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that signs itself: its file, and its key in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ttmserve test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "server.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@contextlib.asynccontextmanager
async def answering(certificate):
    """A server that answers 502 to everything, as a proxy whose server is gone; its address."""

    async def answer(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_an_authority_of_ones_own_is_trusted_where_it_is_named(certificate, monkeypatch):
    async with answering(certificate) as url:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        async with Client(url) as client:
            with pytest.raises(StoreUnavailable, match="certificate verify failed"):
                await client.sessions()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with Client(url) as client:
            with pytest.raises(StoreUnavailable, match="HTTP status 502"):
                await client.sessions()


def test_naming_one_authority_does_not_drop_the_others(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = context_for("https://somewhere")
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) > 50


def test_plain_addresses_have_no_context():
    assert context_for("http://127.0.0.1:8000") is None


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_its_server_is_tried_again(status):
    error = error_of(httpx.Response(status, text="<html>Bad Gateway</html>"))
    assert isinstance(error, StoreUnavailable)
    assert outcome_of(error).retryable


def test_asking_loads_no_media_library():
    code = (
        "import sys, ttm_client, ttm_server.cli.app;"
        "assert 'av' not in sys.modules; ttm_client.FileSource; assert 'av' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
