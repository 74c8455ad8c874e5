"""`kubervisor watchdog healthz`: a sidecar whose page makes a readiness probe heed watchdogs."""

from __future__ import annotations

import signal
from wsgiref.simple_server import WSGIServer

import click

from kubervisor import __version__
from kubervisor.cli.addresses import cannot_listen, listening
from kubervisor.cli.pod_options import of_a_pod
from kubervisor.errors import KubervisorError
from kubervisor.kube.client import connect
from kubervisor.kube.noted_pods import read_noted_pod
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.signals import ENDING
from kubervisor.runtime.threads import start_thread
from kubervisor.telemetry import logs
from kubervisor.telemetry.gate_metrics import GateMetrics
from kubervisor.telemetry.health import Page, make_page_server
from kubervisor.watchdog.gate import Rule
from kubervisor.watchdog.gatekeeper import LOOK_SECONDS, Gatekeeper


@click.command()
@of_a_pod
@click.option(
    "--min-ready-seconds",
    type=click.FloatRange(min=0),
    default=0,
    show_default=True,
    envvar="Watchdogs__MinReadySeconds",
    show_envvar=True,
    help="Healthy is who has been free of errors for more than this.",
)
@click.option(
    "--always-healthy-after-seconds",
    type=click.FloatRange(min=0),
    default=0,
    envvar="Watchdogs__AlwaysHealthyAfterSeconds",
    show_envvar=True,
    help="Answer 200 whatever watchdogs say once this runs for more than so long; 0: never.",
)
@listening("Where /healthz, /ping and /metrics are; a kubelet comes by the pod's address.")
def healthz(
    pod: str,
    namespace: str | None,
    kubeconfig: str | None,
    min_ready_seconds: float,
    always_healthy_after_seconds: float,
    listen: tuple[str, int],
) -> None:
    """Answer `GET /healthz` with 200 while no watchdog of this pod is in error, else with 500.

    A sidecar of a canary, for its readiness probe: a rollout then waits for pods whose watchdogs
    are well. Runs until SIGTERM. Needs the right to get pods. Exit code 0: asked to stop; 1: there
    is no account; 2: bad usage.
    """
    logs.set_up(level="info", form="auto")
    try:
        api = connect(kubeconfig, user_agent=f"kubervisor/{__version__}")
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    where = namespace or api.namespace
    metrics = GateMetrics()
    keeper = Gatekeeper(
        lambda: read_noted_pod(api, where, pod),
        Rule(min_ready_seconds, always_healthy_after_seconds or None),
        clock=Clock(),
        metrics=metrics,
        log=logs.get("gate", pod=f"{where}/{pod}"),
    )
    # Waited for, not handled: so a signal ends the pause between two looks, and no look.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    server = _server(*listen, keeper, metrics)
    start_thread("server", server.serve_forever)
    keeper.look()
    while signal.sigtimedwait(ENDING, LOOK_SECONDS) is None:
        keeper.look()
    server.shutdown()


def _server(host: str, port: int, keeper: Gatekeeper, metrics: GateMetrics) -> WSGIServer:
    def answer() -> tuple[str, str]:
        found = keeper.answer()
        return "200 OK" if found.healthy else "500 Internal Server Error", found.why

    pages: dict[str, Page] = {"/healthz": answer, "/ping": lambda: ("200 OK", "ok")}
    fresh = keeper.refresh_metrics
    try:
        return make_page_server(host, port, pages, registry=metrics.registry, before_scrape=fresh)
    except OSError as error:
        raise cannot_listen(host, port, error) from error
