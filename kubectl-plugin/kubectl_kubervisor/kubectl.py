"""Calls kubectl: the user's own configuration, credentials and rights, and none of ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence

from kubectl_kubervisor.errors import Refused
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.objects import Json
from kubectl_kubervisor.text import printable_lines

PASSED_ON = ("context", "kubeconfig", "request-timeout", "as")
GUARDS = "kubervisorservices.kubervisor.k8s.io"
ROLLOUTS = "datarollouts.kubervisor.k8s.io"
RULES = "autopilotrules.autopilot.libopenstorage.org"
RULE_OBJECTS = "autopilotruleobjects.autopilot.libopenstorage.org"
APPROVALS = "actionapprovals.autopilot.libopenstorage.org"
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


class Kubectl:
    """kubectl as the user called it: with the same context, kubeconfig and namespace.

    `selected` are the words that have it list just what `-l` selects.
    """

    def __init__(self, line: Line, program: str = "kubectl") -> None:
        self._program = program
        self._global = [f"--{name}={line.flag(name)}" for name in PASSED_ON if line.flag(name)]
        namespace = line.flag("namespace")
        self.scope = [f"--namespace={namespace}"] if namespace else []
        selector = line.flag("selector")
        self.selected = [f"--selector={selector}"] if selector else []

    def get(self, *words: str, everywhere: bool = False) -> Json:
        """What `kubectl get … -o json` answers. Raises Refused."""
        scope = ["--all-namespaces"] if everywhere else self.scope
        answer: Json = json.loads(self.run("get", *words, *scope, "--output=json"))
        return answer

    def items(self, *words: str, everywhere: bool = False) -> list[Json]:
        """The objects that `kubectl get …` lists. Raises Refused."""
        found: list[Json] = self.get(*words, everywhere=everywhere)["items"]
        return found

    def patch(
        self, kind: str, name: str, namespace: str, patch: object, *, dry_run: str = ""
    ) -> None:
        """Change an object: a list is a JSON patch, a mapping a merge patch. Raises Refused."""
        form = "json" if isinstance(patch, list) else "merge"
        flags = [f"--type={form}", f"--patch={json.dumps(patch)}", "--output=name"]
        flags += [f"--namespace={namespace}"] if namespace else []
        flags += [f"--dry-run={dry_run}"] if dry_run else []
        self.run("patch", kind, name, *flags)

    def current_namespace(self) -> str:
        """The namespace of the user's context. Raises Refused."""
        found = self.run("config", "view", "--minify", "--output=jsonpath={..namespace}")
        return found.strip() or "default"

    def run(self, *words: str, stdin: str | None = None) -> str:
        """What kubectl prints. Raises Refused with what it says where it fails."""
        try:
            done = subprocess.run(
                self._command(words),
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise self._missing(error) from error
        if done.returncode:
            raise Refused(refusal(done.stderr))
        return done.stdout

    def stream(self, *words: str, errors: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """A kubectl that runs on, its answer on a pipe, and so its errors. Raises Refused."""
        try:
            return subprocess.Popen(
                self._command(words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        except OSError as error:
            raise self._missing(error) from error

    def _command(self, words: Sequence[str]) -> list[str]:
        return [self._program, *self._global, *words]

    def _missing(self, error: OSError) -> Refused:
        return Refused(f"cannot run {self._program}: {error.strerror}; is it on PATH?")


def refusal(stderr: str) -> str:
    """What kubectl said, without its prefix for errors of its own."""
    said = printable_lines(stderr).strip()
    return said.removeprefix("error: ") or "kubectl failed and did not say why"


def documents(text: str) -> Iterator[tuple[Json, int]]:
    """The complete JSON objects at the beginning of `text`, each with where it ends."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        try:
            document, at = decoder.raw_decode(text, at)
        except ValueError:
            return
        yield document, at
