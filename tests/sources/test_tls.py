"""An administrator's source over TLS: the same bounds, and only certificates that are trusted."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from urllib3 import Timeout

from kubervisor import errors
from kubervisor.sources.dial import Dial
from kubervisor.sources.http import SourceSession
from kubervisor.sources.lookups import Lookups
from kubervisor.traffic.detector_policy import SourceRef

from .conftest import OpenSources
from .servers import Behaviour, Flood, answering, dripping, serving


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_that_nobody_trusts_is_refused(
    tls: ssl.SSLContext, open_sources: OpenSources
) -> None:
    with serving(answering(), tls=tls) as server:
        sources = open_sources(named={"main": f"https://{server.address}"})
        with pytest.raises(errors.SourceUnavailable, match=r"Source main .* not trusted"):
            sources.query(SourceRef(name="main"), "up", deadline=20)

    assert server.requests == []


def test_a_server_without_tls_is_unavailable(open_sources: OpenSources) -> None:
    def answer_plainly(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as thread:
        thread.submit(answer_plainly, listener)
        sources = open_sources(named={"main": f"https://127.0.0.1:{listener.getsockname()[1]}"})
        with pytest.raises(errors.SourceUnavailable, match="speaks no TLS"):
            sources.query(SourceRef(name="main"), "up", deadline=20)


def get(behaviour: Behaviour, tls: ssl.SSLContext, trusted: Path, deadline: float) -> bytes:
    with serving(behaviour, tls=tls) as server:
        dial = Dial("Source main", server.host, server.port, Lookups(), lambda _: None)
        total: Any = Timeout(total=deadline)
        with SourceSession(f"https://{server.address}", dial, 2**20) as session:
            session.verify = str(trusted)
            return session.get(f"https://{server.address}/", timeout=total).content


def test_a_trusted_source_answers(tls: ssl.SSLContext, certificate: Path) -> None:
    assert get(answering("hello"), tls, certificate, deadline=20) == b"hello"


def test_the_deadline_is_for_the_whole_answer(tls: ssl.SSLContext, certificate: Path) -> None:
    with pytest.raises(errors.SourceTimeout):
        get(dripping(b"HTTP/1.1 200 OK\r\n\r\n", b" "), tls, certificate, deadline=0.5)


def test_a_flood_is_cut_off(tls: ssl.SSLContext, certificate: Path) -> None:
    flood = Flood(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536)
    with pytest.raises(errors.SourceAnswerUnusable, match="1 MiB"):
        get(flood, tls, certificate, deadline=20)
