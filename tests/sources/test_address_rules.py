"""Which addresses a specification may name, and where they may lead."""

from __future__ import annotations

import pytest

from kubervisor.errors import SourceNotAllowed
from kubervisor.sources.address_rules import AddressRules

DEFAULT = ("*.svc", "*.svc.cluster.local")


@pytest.mark.parametrize(
    ("address", "url", "lookup"),
    [
        pytest.param(
            "prometheus.monitoring:9090",
            "http://prometheus.monitoring:9090",
            "prometheus.monitoring.svc",
            id="name.namespace, the original's usual form, is looked up as a Service",
        ),
        pytest.param(
            "anomalydetector.e2e",
            "http://anomalydetector.e2e:80",
            "anomalydetector.e2e.svc",
            id="port 80 where none is given",
        ),
        pytest.param(
            "evil.com",
            "http://evil.com:80",
            "evil.com.svc",
            id="a domain of two labels means a Service of that spelling, never the domain",
        ),
        pytest.param(
            "prometheus.monitoring.svc:9090",
            "http://prometheus.monitoring.svc:9090",
            "prometheus.monitoring.svc",
            id="name.namespace.svc",
        ),
        pytest.param(
            "Prometheus.monitoring.svc.cluster.local.:9090",
            "http://prometheus.monitoring.svc.cluster.local:9090",
            "prometheus.monitoring.svc.cluster.local",
            id="the full name, in any case, with its final dot",
        ),
        pytest.param(
            "detector.shop:8080/v1/outliers?limit=5",
            "http://detector.shop:8080/v1/outliers?limit=5",
            "detector.shop.svc",
            id="a path is kept",
        ),
    ],
)
def test_the_default_admits_services_of_the_cluster(address: str, url: str, lookup: str) -> None:
    route = AddressRules(DEFAULT).admit(address)

    assert (route.url, route.lookup, route.exact) == (url, lookup, False)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(
            "prometheus:9090", id="one label: it would depend on where the controller runs"
        ),
        pytest.param("localhost:9090", id="localhost"),
        pytest.param("metadata.google.internal", id="a name of three labels that is no Service"),
        pytest.param("127.0.0.1:9090", id="an IPv4 literal"),
        pytest.param("10.0.0.5:9090", id="a private IPv4 literal"),
        pytest.param("[::1]:9090", id="an IPv6 literal"),
        pytest.param("[::ffff:127.0.0.1]:9090", id="a mapped IPv4 literal"),
        pytest.param("2130706433:80", id="127.0.0.1 as one number"),
        pytest.param("0x7f000001", id="127.0.0.1 in hexadecimal"),
        pytest.param("::1", id="an IPv6 address without brackets"),
        pytest.param("user:secret@prometheus.monitoring.svc:9090", id="credentials"),
        pytest.param("http://prometheus.monitoring.svc:9090", id="a URL"),
        pytest.param("prometheus.monitoring.svc:0", id="port 0"),
        pytest.param("prometheus.monitoring.svc:65536", id="a port out of range"),
        pytest.param("prometheus.monitoring.svc:9090 ", id="a space"),
        pytest.param("prometheus.monitoring.svc:9090/a\r\nHost: b", id="a line break in the path"),
        pytest.param("prometheus.monitoring.svc\\@evil.com", id="a backslash"),
        pytest.param("prometheus..svc", id="an empty label"),
        pytest.param("-a.svc", id="a label that begins with a hyphen"),
        pytest.param("prométheus.svc", id="a letter outside DNS"),
        pytest.param("", id="nothing"),
    ],
)
def test_the_default_admits_nothing_else(address: str) -> None:
    with pytest.raises(SourceNotAllowed):
        AddressRules(DEFAULT).admit(address)


@pytest.mark.parametrize(
    ("pattern", "address", "admitted"),
    [
        pytest.param("127.0.0.1:*", "127.0.0.1:4711", True, id="a literal with any port"),
        pytest.param("127.0.0.1", "127.0.0.1:4711", True, id="a literal without a port"),
        pytest.param("127.0.0.1:80", "127.0.0.1:4711", False, id="a literal with another port"),
        pytest.param("[::1]:*", "[::1]:4711", True, id="an IPv6 literal"),
        pytest.param("*", "127.0.0.1:4711", False, id="a wildcard admits no literal"),
        pytest.param("127.*", "127.0.0.1:4711", False, id="nor does one that resembles it"),
        pytest.param("prometheus.corp.example", "prometheus.corp.example:9090", True, id="a host"),
        pytest.param("*.corp.example:9090", "prometheus.corp.example:9090", True, id="host, port"),
        pytest.param("*.corp.example:9090", "prometheus.corp.example:22", False, id="other port"),
        pytest.param("evil.com", "evil.com:80", True, id="a domain that the administrator wants"),
        pytest.param("prometheus", "prometheus:9090", True, id="one label, named"),
    ],
)
def test_the_administrator_decides_what_else(pattern: str, address: str, admitted: bool) -> None:
    rules = AddressRules([pattern])

    if admitted:
        assert rules.admit(address).url == f"http://{address}"
    else:
        with pytest.raises(SourceNotAllowed):
            rules.admit(address)


@pytest.mark.parametrize("pattern", ["", "http://a.svc", "a.svc:port", "::1", "a b", "a.svc:"])
def test_a_pattern_that_is_none_is_refused_at_the_start(pattern: str) -> None:
    with pytest.raises(ValueError, match="host\\[:port\\]"):
        AddressRules([pattern])


CLOSED = [
    pytest.param("127.0.0.1", id="loopback"),
    pytest.param("127.8.8.8", id="all of loopback"),
    pytest.param("::1", id="IPv6 loopback"),
    pytest.param("::ffff:127.0.0.1", id="mapped loopback"),
    pytest.param("0.0.0.0", id="unspecified, which connects to loopback"),
    pytest.param("::", id="IPv6 unspecified"),
    pytest.param("169.254.169.254", id="a cloud's metadata service"),
    pytest.param("::ffff:169.254.169.254", id="the same, mapped"),
    pytest.param("fd00:ec2::254", id="a metadata service in a private IPv6 range"),
    pytest.param("100.100.100.200", id="a metadata service in the shared range"),
    pytest.param("fe80::1%eth0", id="link-local with a zone"),
    pytest.param("168.63.129.16", id="a metadata service in a public range"),
    pytest.param("224.0.0.1", id="multicast"),
    pytest.param("255.255.255.255", id="broadcast"),
    pytest.param("10.0.0.1", id="the API server"),
    pytest.param("::ffff:10.0.0.1", id="the API server, mapped"),
    pytest.param("64:ff9b::a00:1", id="the API server behind NAT64"),
]


@pytest.mark.parametrize("address", CLOSED)
@pytest.mark.parametrize("exact", [True, False], ids=["exact pattern", "wildcard pattern"])
def test_some_addresses_stay_closed_whatever_name_leads_there(address: str, exact: bool) -> None:
    assert AddressRules(["*"], {"10.0.0.1"}).refusal(address, 80, exact=exact) is not None


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.9", "fd12::7", "::ffff:10.1.2.3"]
)
def test_private_addresses_are_open(address: str) -> None:
    assert AddressRules([]).refusal(address, 80, exact=False) is None


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "2001:4860:4860::8888"])
def test_public_addresses_need_a_pattern_that_names_the_host(address: str) -> None:
    rules = AddressRules([])

    assert rules.refusal(address, 80, exact=False) is not None
    assert rules.refusal(address, 80, exact=True) is None


def test_a_literal_pattern_opens_its_address_even_a_forbidden_one() -> None:
    rules = AddressRules(["127.0.0.1:9090"], {"127.0.0.1"})

    assert rules.refusal("127.0.0.1", 9090, exact=False) is None
    assert rules.refusal("127.0.0.1", 9091, exact=False) is not None


def test_forbidden_addresses_may_change_while_the_rules_live() -> None:
    nodes: set[str] = set()
    rules = AddressRules([], nodes)
    assert rules.refusal("10.9.9.9", 80, exact=False) is None

    nodes.add("10.9.9.9")

    assert rules.refusal("10.9.9.9", 80, exact=False) is not None
