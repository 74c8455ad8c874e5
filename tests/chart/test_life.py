"""From `helm install` to `helm uninstall`, with the pods of the release as processes.

They run under the rendered arguments, environment, files and account, so a right or a flag that is
missing shows here.
"""

from __future__ import annotations

import base64
import ssl
from contextlib import ExitStack
from pathlib import Path

from playground.cluster import LocalCluster
from playground.detector import Detector
from playground.detector_prometheus import PrometheusStandIn
from playground.fleet import Fleet
from playground.fleet_api import Api
from tests.chart.installed import Installed
from tests.chart.shop import WITHIN, accounts, assert_let_go, guard, wait_out
from tests.namespaces import fresh_namespace
from tests.security.certificates import Authority


def test_a_release_ejects_is_found_well_and_leaves_nothing_behind(
    undefined: LocalCluster, admin: Api, opened: ExitStack, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("thanos"))
    source = opened.enter_context(PrometheusStandIn(tls=context))
    detector = opened.enter_context(Detector())
    namespace = fresh_namespace(admin)
    create_secret(admin, namespace, token="s3cret", **{"ca.crt": authority.certificate.read_text()})
    installed = opened.enter_context(
        Installed(
            undefined,
            namespace,
            {
                "traffic": {"replicas": 2},
                "termination": {"enabled": True},
                "settings": {"allowSources": ["127.0.0.1:*"], "logLevel": "debug"},
                "sources": [
                    {
                        "name": "main",
                        "url": f"https://{source.address}",
                        "secret": {"name": "thanos", "ca": "ca.crt", "token": "token"},
                    }
                ],
            },
        )
    )
    fleet = opened.enter_context(
        Fleet(admin, "shop", size=4, namespace=fresh_namespace(admin), selects_traffic=True)
    )
    guard(admin, fleet.namespace, detector.address, mode="retryAndKill", period=1, maxRetryCount=0)

    # The account that ends pods has a token of its own.
    first = fleet.pods()[0]
    detector.outliers(first)
    fleet.wait(lambda f: f.pod(first.name) is None, WITHIN, "an outlier is ejected, then evicted")
    detector.outliers()
    fleet.wait_ready(4, WITHIN)
    guard(admin, fleet.namespace, detector.address, period=600)
    detector.outliers(fleet.pods()[0])
    wait_out(fleet, 1)

    told = installed.test()
    assert "not ok" not in told, told
    assert "source main answers" in told
    assert "the account that ends pods has its 2 rights in all namespaces" in told
    assert f"holds the Lease {namespace}/kubervisor-traffic" in told

    assert installed.refusals() == set()

    installed.uninstall()
    assert_let_go(admin, fleet, installed)
    assert accounts(admin, namespace) == {"default"}


def create_secret(admin: Api, namespace: str, **data: str) -> None:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "thanos"}, "data": encoded}
    admin.create(f"/api/v1/namespaces/{namespace}/secrets", body)
