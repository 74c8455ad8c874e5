"""The grammar of probe annotations and of a probe's own settings, and what it lets nobody write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.watchdog.probes import (
    LONGEST_URL,
    MOST_PROBES,
    Probe,
    Tuning,
    Unusable,
    read_probe,
    read_probes,
)

PORTS = range(1024, 65536)
DEFAULTS = Tuning(period=30, timeout=5, failures=1, successes=1)


def read(url: str, settings: str | None = None) -> Probe | Unusable:
    return read_probe(url, settings, DEFAULTS, PORTS)


def tuned(settings: str) -> Tuning:
    probe = read("POD_IP:8080/x", settings)
    assert isinstance(probe, Probe), probe
    return probe.tuning


def why(url: str, settings: str | None = None) -> str:
    found = read(url, settings)
    assert isinstance(found, Unusable), found
    return found.why


@pytest.mark.parametrize(
    ("url", "port", "target", "tls"),
    [
        ("POD_IP:8080/watchdog", 8080, "/watchdog", False),
        ("POD_IP:1234/url", 1234, "/url", False),
        ("http://POD_IP:8080/watchdog", 8080, "/watchdog", False),
        ("https://POD_IP:8443/watchdog", 8443, "/watchdog", True),
        ("HTTPS://POD_IP:8443/watchdog", 8443, "/watchdog", True),
        # AutoCrane kept `/a` of these.
        ("POD_IP:8080/a/b", 8080, "/a/b", False),
        ("POD_IP:8080/a/b?deep=1&why", 8080, "/a/b?deep=1&why", False),
        ("POD_IP:8080/status.json", 8080, "/status.json", False),
        ("POD_IP:8080/a%20b", 8080, "/a%20b", False),
        ("POD_IP:8080/?q=http://other/", 8080, "/?q=http://other/", False),
        ("POD_IP:8080/@evil.com", 8080, "/@evil.com", False),
        ("POD_IP:8080//evil.com/x", 8080, "//evil.com/x", False),
        # It refused these.
        ("POD_IP:8080/", 8080, "/", False),
        ("POD_IP:8080", 8080, "/", False),
        ("POD_IP:8080?deep", 8080, "/?deep", False),
        (" POD_IP:8080/x\n", 8080, "/x", False),
        ("POD_IP:1024/x", 1024, "/x", False),
        ("POD_IP:65535/x", 65535, "/x", False),
        ("POD_IP:08080/x", 8080, "/x", False),
    ],
)
def test_an_url(url: str, port: int, target: str, tls: bool) -> None:
    assert read(url) == Probe(port, target, DEFAULTS, tls)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "cannot be read"),
        ("POD_IP", "cannot be read"),
        ("POD_IP/x", "cannot be read"),
        ("POD_IP:/x", "cannot be read"),
        ("pod_ip:8080/x", "cannot be read"),
        ("10.0.0.1:8080/x", "cannot be read"),
        ("localhost:8080/x", "cannot be read"),
        ("POD_IP.evil.com:8080/x", "cannot be read"),
        ("user@POD_IP:8080/x", "cannot be read"),
        ("http://user:secret@POD_IP:8080/x", "cannot be read"),
        ("http://evil.com/POD_IP:8080/x", "cannot be read"),
        ("POD_IP:8080@evil.com/x", "cannot be read"),
        ("POD_IP:8080.evil.com/x", "cannot be read"),
        ("POD_IP:8080\\@evil.com/x", "cannot be read"),
        ("POD_IP:8080/x#fragment", "cannot be read"),
        ("POD_IP:8080/a b", "cannot be read"),
        ("POD_IP:8080/x\r\nHost: evil.com", "cannot be read"),
        ("POD_IP:8080/x\x00", "cannot be read"),
        ("POD_IP:8080/%zz", "cannot be read"),
        ("POD_IP:8080/größe", "cannot be read"),
        ("POD_IP:\u0668\u0660\u0668\u0660/x", "cannot be read"),
        ("POD_IP:8080/x\u202e", "cannot be read"),
        ("POD_IP:123456/x", "cannot be read"),
        ("POD_IP:-1/x", "cannot be read"),
        ("ftp://POD_IP:8080/x", "neither http nor https"),
        ("file://POD_IP:8080/etc/passwd", "neither http nor https"),
        ("gopher://POD_IP:8080/x", "neither http nor https"),
        ("//POD_IP:8080/x", "cannot be read"),
        ("POD_IP:99999/x", "port 99999"),
        ("POD_IP:80/x", "port 80 may not be probed: only 1024 to 65535 may"),
        ("POD_IP:0/x", "port 0"),
        ("POD_IP:8080/" + "x" * LONGEST_URL, "more than 2048 characters"),
        ("POD_IP:8080/" + "x" * 10_000, "more than 2048 characters"),
    ],
)
def test_an_url_that_cannot_be_used_says_why(url: str, says: str) -> None:
    assert says in why(url)


@pytest.mark.parametrize(
    ("settings", "tuning"),
    [
        ("", DEFAULTS),
        ("timeout=2s,failures=3,successes=2,period=10s", Tuning(10, 2, 3, 2)),
        (" period = 10s , failures=3 ", Tuning(10, 5, 3, 1)),
        ("timeout=500ms", Tuning(30, 0.5, 1, 1)),
        ("period=1h", Tuning(3600, 5, 1, 1)),
        ("failures=10", Tuning(30, 5, 10, 1)),
    ],
)
def test_settings_of_a_probe(settings: str, tuning: Tuning) -> None:
    assert tuned(settings) == tuning


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("timeout=0s", "timeout must be from 0.1 s to 10 s"),
        ("timeout=1h", "timeout must be from 0.1 s to 10 s"),
        ("period=1ms", "period must be from 10 s to 3600 s"),
        ("period=2h", "period must be from 10 s to 3600 s"),
        ("period=9s", "period must be from 10 s to 3600 s"),
        ("period=ten", "period must be a duration such as 2s, is 'ten'"),
        ("period=10", "a duration"),
        ("period=1e9s", "a duration"),
        ("failures=0", "failures must be from 1 to 10, is '0'"),
        ("failures=11", "from 1 to 10"),
        ("failures=-1", "from 1 to 10"),
        ("failures=1.5", "from 1 to 10"),
        ("failures=²", "from 1 to 10"),
        ("failures=999999999999", "from 1 to 10"),
        ("failures", "from 1 to 10, is ''"),
        ("failures=1,failures=2", "failures twice"),
        ("retries=3", "'retries' is none of them"),
        ("timeout=2s,", "'' is none of them"),
        ("x" * 10_000, "more than 2048 characters"),
    ],
)
def test_settings_that_cannot_be_used_say_why(settings: str, says: str) -> None:
    assert why("POD_IP:8080/x", settings).startswith("its settings: ")
    assert says in why("POD_IP:8080/x", settings)


@given(st.text(max_size=300), st.none() | st.text(max_size=100))
def test_whatever_is_written_is_a_probe_or_a_reason(url: str, settings: str | None) -> None:
    assert_harmless(read(url, settings))


@given(
    st.text(st.sampled_from("htps:/POD_IP@.#?%\\ \r\n\t\x00evil2048"), max_size=60).map(
        lambda text: f"POD_IP:8080{text}"
    )
)
def test_whatever_follows_the_port_stays_in_the_request_line(url: str) -> None:
    assert_harmless(read(url))


def assert_harmless(found: Probe | Unusable) -> None:
    if isinstance(found, Probe):
        assert found.port in PORTS
        assert found.target.startswith("/")
        assert found.target.isascii()
        assert found.target.isprintable()
        assert not set(found.target) & set(' #\\"<>')
    else:
        assert found.why.isprintable()
        assert len(found.why) < 300


@pytest.mark.parametrize(("administrators", "shortest"), [(30, 10), (300, 100), (1, 1)])
def test_a_pod_may_ask_for_three_times_as_many_probes_as_others(
    administrators: float, shortest: float
) -> None:
    defaults = Tuning(period=administrators)
    asked = f"period={shortest}s"
    assert isinstance(read_probe("POD_IP:8080/x", asked, defaults, PORTS), Probe)
    asked = f"period={shortest * 1000 - 1:.0f}ms"
    assert isinstance(read_probe("POD_IP:8080/x", asked, defaults, PORTS), Unusable)


def test_of_very_many_probes_of_a_pod_the_first_by_name_are_read() -> None:
    urls = {f"w{number:04}": "POD_IP:8080/x" for number in range(5000)}
    assert list(read_probes(urls, {}, DEFAULTS, PORTS)) == sorted(urls)[:MOST_PROBES]


def test_each_probe_has_the_settings_of_its_name() -> None:
    urls = {"a": "POD_IP:8080/a", "b": "POD_IP:8080/b"}
    found = read_probes(urls, {"b": "failures=3", "c": "failures=4"}, DEFAULTS, PORTS)
    assert found == {
        "a": Probe(8080, "/a", DEFAULTS),
        "b": Probe(8080, "/b", Tuning(failures=3)),
    }
