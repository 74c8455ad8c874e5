"""What can be wrong with a pod of the playground, as a value and as a command.

python -m playground.faults http://127.0.0.1:PORT shop/shop-6d5f-abcde --errors 0.5
python -m playground.faults http://127.0.0.1:PORT shop/shop-6d5f-abcde        (healthy again)
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import msgspec

NO_SUCH_POD = 404
"""What the workload server answers for a pod that does not run; no fault has this code."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one pod misbehaves; the default value is a healthy pod.

    `errors` is the share of requests (0 to 1) answered with `code`; `slow` multiplies the latency
    that the pod reports; `leak` is in bytes per second; a hanging pod never answers a request;
    with `no_metrics` its metrics page answers 503.
    """

    errors: float = 0.0
    code: int = 500
    slow: float = 1.0
    leak: float = 0.0
    hang: bool = False
    no_metrics: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= 1:
            raise ValueError(f"errors is a share from 0 to 1, not {self.errors}")
        if not 400 <= self.code <= 599:
            raise ValueError(f"code is the status of a failed request, 400 to 599, not {self.code}")
        if self.code == NO_SUCH_POD:
            raise ValueError(f"code {NO_SUCH_POD} says that no such pod runs: take another")
        if not (math.isfinite(self.slow) and self.slow > 0):
            raise ValueError(f"slow is a factor above 0, not {self.slow}")
        if not (math.isfinite(self.leak) and self.leak >= 0):
            raise ValueError(f"leak is in bytes per second, 0 or more, not {self.leak}")

    @classmethod
    def from_json(cls, text: bytes) -> Fault:
        """The fault that a JSON object describes; absent fields are healthy. Else ValueError."""
        return msgspec.json.decode(text, type=cls)

    def to_json(self) -> bytes:
        """The same fault for `PUT /pods/NAMESPACE/NAME/fault`."""
        return msgspec.json.encode(self)


HEALTHY = Fault()


def put_fault(workload: str, pod: str, fault: Fault) -> None:
    """Give `pod` (NAMESPACE/NAME) this fault at the workload server `workload`, an http URL.

    Raises ValueError with the server's own words when it refuses, URLError when it does not answer.
    """
    request = Request(f"{workload.rstrip('/')}/pods/{pod}/fault", fault.to_json(), method="PUT")
    try:
        with urlopen(request, timeout=5):
            return
    except HTTPError as refused:
        raise ValueError(f"{pod}: {refused.read().decode().strip()}") from refused


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: exit code 0 when the pod has its new fault, 2 on bad usage, else 1."""
    parser = argparse.ArgumentParser("playground.faults", description="Make a pod go wrong.")
    parser.add_argument("workload", metavar="URL", help="of the workload server")
    parser.add_argument("pod", metavar="NAMESPACE/NAME")
    parser.add_argument(
        "--errors", type=float, default=0.0, help="share of failed requests, 0 to 1"
    )
    parser.add_argument("--code", type=int, default=500, help="their status code (default 500)")
    parser.add_argument("--slow", type=float, default=1.0, help="factor on the latency")
    parser.add_argument("--leak", type=float, default=0.0, help="bytes per second")
    parser.add_argument("--hang", action="store_true", help="never answer a request")
    parser.add_argument("--no-metrics", action="store_true", help="metrics page answers 503")
    given = vars(parser.parse_args(arguments))
    workload, pod = given.pop("workload"), given.pop("pod")
    try:
        fault = Fault(**given)
    except ValueError as wrong:
        parser.error(str(wrong))
    try:
        put_fault(workload, pod, fault)
    except (ValueError, URLError) as failed:
        print(f"playground.faults: {failed}", file=sys.stderr)
        return 1
    print(f"{pod} is healthy" if fault == HEALTHY else f"{pod} now has {fault}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
