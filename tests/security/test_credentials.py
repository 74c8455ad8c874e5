"""What a named source is shown, and that it follows its files."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from kubervisor import errors
from kubervisor.source_settings import NamedSource
from kubervisor.sources import Sources
from kubervisor.traffic.detector_policy import SourceRef
from tests.security.certificates import Authority
from tests.sources.servers import Server, answering, serving

EMPTY = '{"status": "success", "data": {"resultType": "vector", "result": []}}'
MAIN = SourceRef(name="main")
DEADLINE = 20.0


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("first\n")
    return path


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def secured(opened: ExitStack, authority: Authority, clients: Authority | None = None) -> Server:
    """A Prometheus over TLS, which wants certificates of `clients`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("server"))
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.certificate)
    return opened.enter_context(serving(answering(EMPTY), tls=context))


def sources(opened: ExitStack, server: Server, **more: Any) -> Sources:
    """One named source at `server`; specs may name its address too."""
    scheme = "https" if server.tls else "http"
    named = NamedSource(name="main", url=f"{scheme}://{server.address}/prom", **more)
    made = Sources(named=[named], allow=["127.0.0.1:*"], max_sample_age=75)
    return opened.enter_context(closing(made))


def test_the_token_is_shown_and_read_again_when_it_changes(
    opened: ExitStack, authority: Authority, token: Path
) -> None:
    server = secured(opened, authority)
    asked = sources(opened, server, ca_file=authority.certificate, token_file=token)
    asked.query(MAIN, "up", deadline=DEADLINE)
    token.write_text("the second")  # has a blank: no token
    with pytest.raises(errors.SourceUnavailable, match="its tokenFile holds no token"):
        asked.query(MAIN, "up", deadline=DEADLINE)
    token.write_text("second-one")
    asked.query(MAIN, "up", deadline=DEADLINE)

    assert ["Authorization: Bearer first" in head for head in server.requests] == [True, False]
    assert "Authorization: Bearer second-one" in server.requests[1]
    assert server.connections == 1, "a token needs no new connection"


def test_a_replaced_secret_is_followed_through_its_links(
    opened: ExitStack, authority: Authority, tmp_path: Path
) -> None:
    # As the kubelet does: the file is a link into a folder that is a link, which is swapped.
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "token").write_text(version)
    (tmp_path / "data").symlink_to("one")
    (tmp_path / "link").symlink_to("data/token")
    server = secured(opened, authority)
    asked = sources(opened, server, ca_file=authority.certificate, token_file=tmp_path / "link")
    asked.query(MAIN, "up", deadline=DEADLINE)
    (tmp_path / "new").symlink_to("two")
    (tmp_path / "new").rename(tmp_path / "data")
    asked.query(MAIN, "up", deadline=DEADLINE)

    assert "Bearer one" in server.requests[0]
    assert "Bearer two" in server.requests[1]


def test_only_the_named_authority_is_trusted_and_a_new_one_is_taken_up(
    opened: ExitStack, authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path, "other")
    ca_file = tmp_path / "ca.crt"
    ca_file.write_bytes(other.certificate.read_bytes())
    server = secured(opened, authority)
    asked = sources(opened, server, ca_file=ca_file)
    with pytest.raises(errors.SourceUnavailable, match="not trusted"):
        asked.query(MAIN, "up", deadline=DEADLINE)
    ca_file.write_bytes(authority.certificate.read_bytes())
    assert asked.query(MAIN, "up", deadline=DEADLINE) == ()

    ca_file.write_bytes(other.certificate.read_bytes())
    with pytest.raises(errors.SourceUnavailable, match="not trusted"):
        asked.query(MAIN, "up", deadline=DEADLINE)
    assert len(server.requests) == 1, "a kept connection is not used on the old authority's word"


def test_a_client_certificate_is_presented_and_followed(
    opened: ExitStack, authority: Authority, tmp_path: Path
) -> None:
    clients = Authority(tmp_path, "clients")
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"

    def present(issuer: Authority) -> None:
        for path, issued in zip((cert, key), issuer.issue("kubervisor"), strict=True):
            path.write_bytes(issued.read_bytes())

    server = secured(opened, authority, clients)
    own = {"ca_file": authority.certificate, "cert_file": cert, "key_file": key}
    asked = sources(opened, server, **own)
    present(authority)
    with pytest.raises(errors.SourceUnavailable):
        asked.query(MAIN, "up", deadline=DEADLINE)
    present(clients)
    assert asked.query(MAIN, "up", deadline=DEADLINE) == ()


def test_the_tenant_is_named_in_header_and_parameter(opened: ExitStack) -> None:
    server = opened.enter_context(serving(answering(EMPTY)))
    asked = sources(
        opened,
        server,
        tenant_header={"name": "X-Scope-OrgID", "value": "shop|cart"},
        tenant_parameter={"name": "namespace", "value": "a&b=c"},
    )
    asked.query(MAIN, 'up{a="&"}', deadline=DEADLINE)

    (head,) = server.requests
    assert "X-Scope-OrgID: shop|cart" in head
    assert "namespace=a%26b%3Dc" in head.splitlines()[0]
    assert head.startswith("GET /prom/api/v1/query?query=up%7Ba%3D%22%26%22%7D&")


def test_an_address_in_a_spec_is_shown_nothing(opened: ExitStack) -> None:
    server = opened.enter_context(serving(answering(EMPTY)))
    asked = sources(opened, server, tenant_header={"name": "X-Scope-OrgID", "value": "shop"})
    asked.query(MAIN, "up", deadline=DEADLINE)
    asked.query(SourceRef(address=f"{server.address}/prom"), "up", deadline=DEADLINE)

    assert ["X-Scope-OrgID" in head for head in server.requests] == [True, False]


@pytest.mark.parametrize("field", ["ca_file", "token_file", "cert_file"])
def test_a_file_that_is_not_there_is_named_by_its_field_only(
    field: str, opened: ExitStack, authority: Authority, tmp_path: Path
) -> None:
    files = {field: tmp_path / "hunter2"}
    if field == "cert_file":
        files["key_file"] = tmp_path / "hunter2"
    server = secured(opened, authority)
    asked = sources(opened, server, **files)
    with pytest.raises(errors.SourceUnavailable, match="cannot be read") as caught:
        asked.query(MAIN, "up", deadline=DEADLINE)

    assert "hunter2" not in str(caught.value)
    assert server.connections == 0


def test_files_that_hold_something_else_are_an_error_of_ours(
    opened: ExitStack, authority: Authority, token: Path
) -> None:
    server = secured(opened, authority)
    for files in ({"ca_file": token}, {"cert_file": token, "key_file": token}):
        asked = sources(opened, server, **files)
        with pytest.raises(errors.SourceUnavailable) as caught:
            asked.query(MAIN, "up", deadline=DEADLINE)
        assert "first" not in str(caught.value)


def test_a_source_is_for_the_namespaces_it_names(opened: ExitStack) -> None:
    server = opened.enter_context(serving(answering(EMPTY)))
    asked = sources(opened, server, namespaces=("shop",))

    assert asked.query(MAIN, "up", deadline=DEADLINE, namespace="shop") == ()
    for refused in (
        lambda: asked.query(MAIN, "up", deadline=DEADLINE, namespace="cart"),
        lambda: asked.ask(MAIN, deadline=DEADLINE, asked_for="cart/shop"),
    ):
        with pytest.raises(errors.SourceNotAllowed, match=r"named 'main'.*configured: none\."):
            refused()
    assert [asked.admits(MAIN, name) for name in ("shop", "cart")] == [True, False]
    assert len(server.requests) == 1
