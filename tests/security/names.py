"""A name server for one process: its lookups answer what a test wrote."""

from __future__ import annotations

import json
from pathlib import Path

_PATCH = '''
import json, pathlib, socket

_asked = {}
_really = socket.getaddrinfo
_names = pathlib.Path(__file__).with_name("names.json")


def getaddrinfo(host, port, *args, **kwargs):
    """One answer after another, then the last one for ever; what is not written is looked up."""
    answers = json.loads(_names.read_text()).get(host)
    if answers is None:
        return _really(host, port, *args, **kwargs)
    _asked[host] = _asked.get(host, -1) + 1
    address = answers[min(_asked[host], len(answers) - 1)]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return [(family, socket.SOCK_STREAM, 6, "", (address, port or 0))]


socket.getaddrinfo = getaddrinfo
'''


class Names:
    """Give `env` to a Python process: its interpreter loads the patch at its start."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "names.json"
        (folder / "sitecustomize.py").write_text(_PATCH)
        self.answer({})
        self.env = {"PYTHONPATH": str(folder)}

    def answer(self, names: dict[str, list[str]]) -> None:
        """From now on these names have these addresses, one after another."""
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(names))
        written.rename(self._file)
