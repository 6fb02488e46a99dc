"""TLS and accounts with one server, a cluster and a Sentinel: who is trusted, and who we are.

The embedded Valkey is built without TLS; Debian's redis-server has it.
"""

from __future__ import annotations

import datetime
import gc
import ipaddress
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from both_sides import Store
from servers import free_port, make_server
from store.clusters import Cluster, ask, wait_until
from store.streaming import every_operation
from ttm_protocol.errors import ConfigError, StoreUnavailable
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer
from ttm_server.store.bound_process import BoundProcess

LOGIN = "ttm:s%40cret"
# As much as the store needs (strict durability needs CONFIG GET besides).
ACL = "on >s@cret ~ttm:* &ttm:* +@all -@dangerous +info +role +cluster|slots"


def make_certificates(folder: Path) -> dict[str, str]:
    """An authority, and its certificate for 127.0.0.1: options of a server that uses them."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in ("authority", "node")]
    now = datetime.datetime.now(datetime.UTC)
    for name, key, subject, is_authority in zip(
        ("ca", "node"), keys, names, (True, False), strict=True
    ):
        builder = x509.CertificateBuilder(names[0], subject, key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        if not is_authority:
            where = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([where]), critical=False)
        signed = builder.sign(keys[0], hashes.SHA256())
        (folder / f"{name}.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (folder / f"{name}.key").write_bytes(private)
    return {
        "tls_ca_cert_file": str(folder / "ca.crt"),
        "tls_cert_file": str(folder / "node.crt"),
        "tls_key_file": str(folder / "node.key"),
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def query(files: dict[str, str]) -> str:
    return (
        f"?ssl_ca_certs={files['tls_ca_cert_file']}&ssl_certfile={files['tls_cert_file']}"
        f"&ssl_keyfile={files['tls_key_file']}"
    )


class TlsCluster(Cluster):
    """Its nodes speak TLS with each other and with clients, at a port beside the plain one."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        super().__init__("redis", folder, tls_cluster="yes", **files)
        for node in self.nodes:
            node._options["tls-port"] = str(free_port())

    @property
    def hosts(self) -> str:
        return ",".join(f"127.0.0.1:{node._options['tls-port']}" for node in self.nodes)


@pytest.fixture(scope="module")
def cluster(
    files: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TlsCluster]:
    with TlsCluster(tmp_path_factory.mktemp("cluster"), files) as running:
        for node in running.nodes:
            ask(node.port, "ACL", "SETUSER", "ttm", *ACL.split())
        yield running


@pytest.fixture(scope="module")
def server(
    files: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedServer]:
    folder = tmp_path_factory.mktemp("server")
    options = {**files, "tls_port": str(free_port()), "tls_replication": "yes"}
    with make_server("redis", folder, **options) as running:
        ask(running.port, "ACL", "SETUSER", "ttm", *ACL.split())
        yield running


@pytest.fixture(scope="module")
def sentinel(
    server: EmbeddedServer, files: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The TLS port of a Sentinel that names the server, and wants a login itself."""
    folder = tmp_path_factory.mktemp("sentinel")
    port, plain = free_port(), free_port()
    lines = [f"{name.replace('_', '-')} {path}" for name, path in files.items()]
    (folder / "sentinel.conf").write_text(
        "\n".join(lines)
        + f"\nport {plain}\ntls-port {port}\ntls-replication yes\nbind 127.0.0.1\ndir {folder}\n"
        + f"sentinel monitor ttm 127.0.0.1 {server._options['tls-port']} 1\n"
        + "user watcher on >w@tch allchannels +@all\n"
    )
    binary = shutil.which("redis-server")
    assert binary is not None  # the server runs
    command = [binary, str(folder / "sentinel.conf"), "--sentinel"]
    process = BoundProcess(command, folder=folder, log_path=folder / "log")
    try:
        wait_until("it answers", lambda: ask(plain, "PING") == b"PONG")
        yield port
    finally:
        process.kill()


@pytest.fixture(params=["single", "cluster", "sentinel"])
def where(request: pytest.FixtureRequest, query: str) -> tuple[str, list[EmbeddedServer], str]:
    """A URL without its options, the servers behind it, and the options."""
    server: Any = request.getfixturevalue("server")
    if request.param == "cluster":
        cluster: Any = request.getfixturevalue("cluster")
        return f"rediss+cluster://{LOGIN}@{cluster.hosts}", cluster.nodes, query
    if request.param == "single":
        return f"rediss://{LOGIN}@127.0.0.1:{server._options['tls-port']}/0", [server], query
    port = request.getfixturevalue("sentinel")
    query += "&sentinel_username=watcher&sentinel_password=w%40tch"
    return f"rediss+sentinel://{LOGIN}@127.0.0.1:{port}/ttm", [server], query


async def test_every_operation(
    where: tuple[str, list[EmbeddedServer], str], settings: Settings
) -> None:
    url, servers, query = where
    async with await Store.connect(url + query, settings) as store:
        for _ in range(4):
            await every_operation(store)
        for server in servers:
            clients = ask(server.port, "CLIENT", "LIST", "TYPE", "normal").splitlines()
            # Those of the tests' own questions are the default user's.
            assert [line for line in clients if b" user=ttm " in line]


# redis-py leaves the socket of a handshake that failed to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_who_cannot_be_checked_is_not_talked_to(
    where: tuple[str, list[EmbeddedServer], str], settings: Settings
) -> None:
    url, _, query = where
    unknown = query.replace("ssl_ca_certs", "ssl_nothing")
    if not url.startswith("rediss://"):  # redis-py reads that URL
        with pytest.raises(ConfigError, match="ssl_nothing"):
            await Store.connect(url + unknown, settings)
    untrusting = "?" + query.partition("&")[2]
    with pytest.raises(StoreUnavailable):
        await Store.connect(url + untrusting, settings)
    wrong_password = url.replace("s%40cret", "wrong")
    with pytest.raises(StoreUnavailable):
        await Store.connect(wrong_password + query, settings)
    gc.collect()  # here, where the warning is expected


async def test_options_of_tls_without_tls(settings: Settings) -> None:
    for url in ("redis+cluster://h:1?ssl_ca_certs=x", "redis+sentinel://h:1/s?ssl_ca_certs=x"):
        with pytest.raises(ConfigError, match="ssl_ca_certs"):
            await Store.connect(url, settings)
    with pytest.raises(ConfigError, match="yes or no"):
        await Store.connect("rediss+cluster://h:1?ssl_check_hostname=maybe", settings)
