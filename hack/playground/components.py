"""The command lines of a control plane's programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playground import binaries
from playground.pki import Pki

SERVICE_RANGE = "10.96.0.0/16"
KUBERNETES_SERVICE = "10.96.0.1"
"""The first address of the range: the API server takes it for its own Service."""

POD_RANGE = "10.244.0.0/16"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the files of one cluster are."""

    programs: Path
    folder: Path
    pki: Pki
    tokens: Path
    kubeconfig: Path

    def etcd(self, port: int, peer_port: int) -> list[str | Path]:
        """The store; nothing of it survives the machine, so nothing is forced to disk."""
        client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
        return [
            self.programs / "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            "--unsafe-no-fsync",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]

    def api_server(self, port: int, etcd_port: int) -> list[str | Path]:
        """The API server, with the admission plugins and authorization of a usual cluster."""
        return [
            self.programs / "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{etcd_port}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--tls-cert-file={self.pki.certificate}",
            f"--tls-private-key-file={self.pki.key}",
            f"--token-auth-file={self.tokens}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.pki.service_account_key}",
            f"--service-account-signing-key-file={self.pki.service_account_key}",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
        ]

    def controller_manager(self) -> list[str | Path]:
        """Deployments, EndpointSlices, Jobs, evictions; swift enough for thousands of pods."""
        return [
            self.programs / "kube-controller-manager",
            *self._client("--leader-elect=false", "--secure-port=0"),
            f"--service-account-private-key-file={self.pki.service_account_key}",
            f"--root-ca-file={self.pki.authority}",
            "--use-service-account-credentials",
            "--concurrent-deployment-syncs=20",
            "--concurrent-replicaset-syncs=20",
        ]

    def scheduler(self) -> list[str | Path]:
        """Binds pods to nodes."""
        program = self.programs / "kube-scheduler"
        return [program, *self._client("--leader-elect=false", "--secure-port=0")]

    def kwok(self) -> list[str | Path]:
        """Plays the nodes; their Leases, or they turn NotReady after 40 s."""
        return [
            self.programs / "kwok",
            f"--kubeconfig={self.kubeconfig}",
            *(f"--config={path}" for path in sorted(binaries.STAGES.glob("*.yaml"))),
            "--manage-all-nodes",
            "--node-lease-duration-seconds=40",
            f"--cidr={POD_RANGE}",
        ]

    def _client(self, *more: str) -> list[str]:
        swift = ("--kube-api-qps=1000", "--kube-api-burst=2000")
        return [f"--kubeconfig={self.kubeconfig}", *swift, *more]
