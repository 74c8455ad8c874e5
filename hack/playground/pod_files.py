"""What a container sees of the cluster, for a process that stands for it: files and variables.

Volumes become folders. A process has no mounts, so each path of a mount is replaced by its folder
wherever it is written: in arguments, in variables and in mounted files.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from playground.fleet_api import Api, ApiRefused, Json

T = TypeVar("T")

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where the API server's admission mounts the token of a pod's account."""

DNS_NAME = "https://kubernetes.default.svc"
"""The API server's name inside a cluster; without its DNS the process gets the address."""


_IMAGE = re.compile(r"(.*/)?kubervisor[:@].+")


class NotThereYet(Exception):
    """A Secret, a ConfigMap or a key of one is missing: a kubelet waits for it."""


class PodFiles:
    """The volumes of a pod below `folder`, written when made. Raises NotThereYet."""

    def __init__(self, api: Api, pod: Json, folder: Path, names: Mapping[str, str]) -> None:
        self._api, self._pod, self._names = api, pod, names
        self._metadata, self._spec = pod["metadata"], pod["spec"]
        self._core = f"/api/v1/namespaces/{self._metadata['namespace']}"
        volumes = {volume["name"]: volume for volume in self._spec.get("volumes", ())}
        mounts = self._container.get("volumeMounts", ())
        self._folders: dict[str, Path] = {m["mountPath"]: folder / m["name"] for m in mounts}
        for mount in mounts:
            self._write(folder / mount["name"], volumes[mount["name"]])

    @property
    def account(self) -> Path:
        """The folder of the account's token."""
        return self._folders[ACCOUNT]

    def env(self) -> dict[str, str]:
        """The variables of the container. Raises NotThereYet."""
        host, _, port = self._names[DNS_NAME].removeprefix("https://").partition(":")
        service = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
        return service | {
            one["name"]: self.local(self._value(one)) for one in self._container.get("env", ())
        }

    def args(self) -> list[str]:
        """The arguments of the container."""
        return [self.local(argument) for argument in self._container.get("args", ())]

    def local(self, text: str) -> str:
        """The text with every path of a mount, and the names of servers, as they are here."""
        for path, folder in sorted(self._folders.items(), reverse=True):
            text = text.replace(path, str(folder))
        for name, address in self._names.items():
            text = text.replace(name, address)
        return text

    @property
    def _container(self) -> Json:
        return container_of(self._spec)

    def _write(self, folder: Path, volume: Json) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in self._contents(volume):
            file = folder / path
            file.touch(mode=0o600)
            try:
                file.write_text(self.local(content.decode()))
            except UnicodeDecodeError:
                file.write_bytes(content)

    def _contents(self, volume: Json) -> Iterator[tuple[str, bytes]]:
        """Path and content of each file of a volume."""
        for source in volume.get("projected", {}).get("sources", (volume,)):
            for kind, read in self._kinds().items():
                if kind in source:
                    yield from read(source[kind])

    def _kinds(self) -> Mapping[str, Callable[[Json], Iterator[tuple[str, bytes]]]]:
        return {
            "configMap": self._config_map,
            "secret": self._secret,
            "serviceAccountToken": self._token,
            "downwardAPI": self._downward,
        }

    def _config_map(self, source: Json) -> Iterator[tuple[str, bytes]]:
        data = self._data("configmaps", source["name"])
        yield from _chosen(source, {key: text.encode() for key, text in data.items()})

    def _secret(self, source: Json) -> Iterator[tuple[str, bytes]]:
        data = self._data("secrets", source.get("secretName") or source["name"])
        yield from _chosen(source, {key: base64.b64decode(text) for key, text in data.items()})

    def _token(self, source: Json) -> Iterator[tuple[str, bytes]]:
        """A token that is valid as long as the pod, as a kubelet asks for it."""
        pod = {"kind": "Pod", "apiVersion": "v1"}
        pod |= {name: self._metadata[name] for name in ("name", "uid")}
        asked = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "expirationSeconds": source.get("expirationSeconds", 3600),
                "boundObjectRef": pod,
            },
        }
        account = self._spec["serviceAccountName"]
        answer = self._api.create(f"{self._core}/serviceaccounts/{account}/token", asked)
        yield source["path"], answer["status"]["token"].encode()

    def _downward(self, source: Json) -> Iterator[tuple[str, bytes]]:
        for one in source["items"]:
            yield one["path"], self._field(one["fieldRef"]["fieldPath"]).encode()

    def _value(self, variable: Json) -> str:
        source = variable.get("valueFrom", {})
        if "fieldRef" in source:
            return self._field(source["fieldRef"]["fieldPath"])
        if "secretKeyRef" in source:
            wanted = source["secretKeyRef"]
            data = self._data("secrets", wanted["name"])
            return base64.b64decode(_at(data, wanted["key"])).decode()
        if "configMapKeyRef" in source:
            wanted = source["configMapKeyRef"]
            return _at(self._data("configmaps", wanted["name"]), wanted["key"])
        return str(variable.get("value", ""))

    def _field(self, path: str) -> str:
        value = self._pod
        for step in path.split("."):
            value = value[step]
        return str(value)

    def _data(self, kind: str, name: str) -> dict[str, str]:
        try:
            found: dict[str, str] = self._api.get(f"{self._core}/{kind}/{name}").get("data", {})
        except ApiRefused as refused:
            if refused.status == 404:
                raise NotThereYet(f"{kind} {name} is not there") from refused
            raise
        return found


def container_of(spec: Json) -> Json:
    """The container of a pod that runs `kubervisor`; those beside it have no process here."""
    (found,) = (one for one in spec["containers"] if _IMAGE.fullmatch(one["image"]))
    container: Json = found
    return container


def _chosen(source: Json, data: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The files of a ConfigMap or Secret: those it lists, else all."""
    wanted = source.get("items") or [{"key": key, "path": key} for key in data]
    for one in wanted:
        yield one["path"], _at(data, one["key"])


def _at(data: Mapping[str, T], key: str) -> T:
    if key not in data:
        raise NotThereYet(f"there is no key {key}")
    return data[key]
