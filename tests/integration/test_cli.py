"""`kubervisor run`: its flags, its environment, its exit codes, its pages."""

from __future__ import annotations

import platform
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from kubervisor import __version__
from kubervisor.assembly import find_lease_name
from kubervisor.settings import Settings
from playground import detector_prometheus as answers
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.detector import Detector
from playground.detector_prometheus import PrometheusStandIn
from tests.integration.guard import PATIENCE, Guard, evaluations, is_served
from tests.integration.specs import custom, discrete, guarding

LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end: for what ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "kubervisor", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=env,
    )


BAD_USAGE = [
    pytest.param(("--no-such-flag",), {}, "--no-such-flag", id="an unknown flag"),
    pytest.param(("--capability", "magic"), {}, "magic", id="an unknown capability"),
    pytest.param(("--source", "main"), {}, "NAME=URL", id="a source without a URL"),
    pytest.param(("--source", "main=ftp://x"), {}, "main", id="a source of another scheme"),
    pytest.param(("--allow-source", "a b"), {}, "a b", id="a pattern that is none"),
    pytest.param(("--listen", "nowhere"), {}, "listen", id="an address without a port"),
    pytest.param(("--listen", "127.0.0.1:99999"), {}, "listen", id="a port that is none"),
    pytest.param(("--log-level", "loud"), {}, "loud", id="an unknown level"),
    pytest.param(("--min-evaluation-period", "0"), {}, "min_evaluation_period", id="no period"),
    pytest.param(("--max-services", "0"), {}, "max_services", id="room for no Service"),
    pytest.param(("--namespace", "Not_One"), {}, "Not_One", id="a namespace that cannot be"),
    pytest.param((), {"KUBERVISOR_LEASE_DURATION": "0"}, "lease_duration", id="no lease"),
    pytest.param((), {"KUBERVISOR_LEADER_ELECT": "perhaps"}, "leader_elect", id="no boolean"),
]


@pytest.mark.parametrize(("flags", "env", "says"), BAD_USAGE)
def test_bad_usage_exits_2_and_says_what(
    cluster: LocalCluster, flags: tuple[str, ...], env: dict[str, str], says: str
) -> None:
    ended = run("run", f"--kubeconfig={cluster.kubeconfig}", *flags, env=env)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_listen_address_that_is_taken_is_told(cluster: LocalCluster) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run("run", f"--kubeconfig={cluster.kubeconfig}", f"--listen={address}")
    assert ended.returncode == 2
    assert address in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_kubeconfig_that_is_not_there_is_told() -> None:
    ended = run("run", "--kubeconfig=/no/such/kubeconfig")
    assert ended.returncode in (1, 2)
    assert "/no/such/kubeconfig" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_names_every_flag_of_the_contract() -> None:
    ended = run("run", "--help")
    assert ended.returncode == 0
    for flag in (
        "--capability",
        "--kubeconfig",
        "--namespace",
        "--listen",
        "--dashboard-listen",
        "--source",
        "--allow-source",
        "--no-leader-elect",
        "--no-register-crds",
        "--dry-run",
    ):
        assert flag in ended.stdout
    assert __version__ in run("--version").stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_with_0_and_gives_the_lease_back(
    cluster: LocalCluster, number: signal.Signals
) -> None:
    with Guard(cluster) as guard:
        guard.controller.wait_line(lambda line: line["event"] == "Leading", PATIENCE, "it leads")
        lease = f"{LEASES}/{find_lease_name(Settings(namespaces=guard.namespaces))}"
        assert guard.api.get(lease)["spec"]["holderIdentity"]
        assert guard.controller.stop(number) == 0
        assert guard.controller.lines()[-1]["event"] == "Stopped"
        # Nobody has to wait for it to expire.
        assert not guard.api.get(lease)["spec"].get("holderIdentity")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_probes_say_ok(guard: Guard, path: str) -> None:
    assert guard.controller.page(path) == "ok\n"


def test_metrics_are_there_and_other_pages_are_not(guard: Guard) -> None:
    page = guard.controller.page("/metrics")
    versions = f'python="{platform.python_version()}",version="{__version__}"'
    assert f"kubervisor_build_info{{{versions}}} 1.0" in page
    for name in ("kubervisor_workers", "kubervisor_leader", "kubervisor_cache_objects"):
        assert f"# TYPE {name} gauge" in page
    with pytest.raises(HTTPError, match="404"):
        guard.controller.page("/secrets")


def test_logs_are_json_lines_with_time_level_and_logger(guard: Guard) -> None:
    for line in guard.controller.lines():
        assert {"ts", "level", "event", "logger"} <= line.keys(), line


@pytest.fixture(params=["flag", "environment"])
def dry_guard(cluster: LocalCluster, request: pytest.FixtureRequest) -> Iterator[Guard]:
    """A controller in dry run, told in one way or the other."""
    by_flag = request.param == "flag"
    flags = ["--dry-run"] if by_flag else []
    env = {} if by_flag else {"KUBERVISOR_DRY_RUN": "true"}
    with Guard(cluster, *flags, env=env) as guard:
        yield guard
        guard.check()


def test_dry_run_holds_for_every_object(dry_guard: Guard, detector: Detector) -> None:
    guard = dry_guard
    with guard.fleet("dry", 3) as fleet:
        guard.apply("dry", guarding("dry", custom(detector.address)))
        guard.wait_condition("dry", "DryRun", "True")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        guard.wait_event("dry", "WouldEject", says=outlier.name)
        evaluations(detector, 2)
        assert is_served(fleet, *fleet.pods())
        guard.delete("dry")


def test_without_election_it_leads_without_a_lease(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster, "--no-leader-elect") as guard, guard.fleet("alone", 3) as fleet:
        guard.apply("alone", guarding("alone", custom(detector.address)))
        guard.wait_guarding("alone")
        detector.outliers(fleet.serving()[0])
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it ejects")
        assert not guard.api.exists(
            f"{LEASES}/{find_lease_name(Settings(namespaces=guard.namespaces))}"
        )
        assert guard.controller.metric("kubervisor_leader") == 1
        guard.delete("alone")
        assert guard.controller.stop() == 0


def test_a_named_source_is_asked_wherever_the_administrator_says_it_is(
    cluster: LocalCluster, prometheus: PrometheusStandIn
) -> None:
    flag = f"--source=main={prometheus.url}/prefix"
    with Guard(cluster, flag) as guard, guard.fleet("named", 3) as fleet:
        breaker = discrete("unused")
        del breaker["discreteValueOutOfList"]["prometheusService"]
        breaker["discreteValueOutOfList"]["source"] = "main"
        failing, *_ = fleet.pods()
        prometheus.answer = answers.vector(
            [
                ({"pod": p.name, "code": "500" if p.uid == failing.uid else "200"}, 10)
                for p in fleet.pods()
            ]
        )
        guard.apply("named", guarding("named", breaker))
        fleet.wait(lambda f: [p.uid for p in f.out()] == [failing.uid], PATIENCE, "it is out")
        assert all(path.startswith("/prefix/api/v1/query") for path in prometheus.requests)
        guard.delete("named")
        guard.check()


def test_without_an_allow_pattern_loopback_is_never_asked(
    cluster: LocalCluster, detector: Detector
) -> None:
    class Strict(Controller):
        """Without the flag that opens loopback to tests."""

        def _command(self) -> list[str]:
            return [word for word in super()._command() if "--allow-source" not in word]

    with Guard(cluster) as guard, guard.fleet("strict", 1):
        assert guard.controller.stop() == 0
        with Strict(cluster.kubeconfig, f"--namespace={guard.namespace}"):
            guard.apply("strict", guarding("strict", custom(detector.address)))
            guard.wait_condition(
                "strict", "SourcesAvailable", "False", "SourceNotAllowed", says=detector.address
            )
            assert detector.requests == ()
            guard.delete("strict")


def test_namespaces_that_are_not_named_are_left_alone(
    guard: Guard, cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster) as elsewhere, elsewhere.fleet("apart", 2):
        assert elsewhere.controller.stop() == 0
        elsewhere.apply("apart", guarding("apart", custom(detector.address)))
        with guard.fleet("apart", 2):
            guard.apply("apart", guarding("apart", custom(f"{detector.address}/own")))
            guard.wait_guarding("apart")
            evaluations(detector, 3)
            assert set(detector.requests) == {"/own"}
            assert "status" not in elsewhere.get("apart")
            assert "finalizers" not in elsewhere.get("apart")["metadata"]
            guard.delete("apart")


def test_environment_alone_configures_it_and_a_flag_wins(
    cluster: LocalCluster, detector: Detector
) -> None:
    env = {"KUBERVISOR_LEADER_ELECT": "false", "KUBERVISOR_LOG_LEVEL": "debug"}
    with Guard(cluster, "--log-level=warning", env=env) as guard, guard.fleet("env", 2):
        guard.apply("env", guarding("env", custom(detector.address)))
        guard.wait_guarding("env")
        assert not guard.api.exists(
            f"{LEASES}/{find_lease_name(Settings(namespaces=guard.namespaces))}"
        )
        assert {line["level"] for line in guard.controller.lines()} <= {"warning", "error"}
        guard.delete("env")


def test_more_objects_than_the_process_may_run_are_told_and_taken_up_when_there_is_room(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster, "--max-services=1") as guard, guard.fleet("fits", 2):
        guard.apply("fits", guarding("fits", custom(detector.address)))
        guard.wait_guarding("fits")
        guard.put_service("over", {"app": "over"})
        guard.apply("over", guarding("over", custom(detector.address)))
        guard.wait_condition("over", "Ready", "False", "CapacityExceeded", says="--max-services")
        guard.wait_event("over", "CapacityExceeded", says="--max-services")
        guard.check()
        guard.delete("fits")
        guard.annotate("over", "example.com/touched", "yes")
        guard.wait_guarding("over")
        guard.delete("over")
