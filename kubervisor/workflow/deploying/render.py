"""Objects as YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml

from kubervisor.workflow.objects import Json

_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are, and lists of words on one line."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else None
    if _BREAKS.search(value):
        style = '"'  # unquoted they are read as line breaks
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _list(dumper: yaml.SafeDumper, value: list[object]) -> yaml.Node:
    is_flat = not any(isinstance(one, dict | list) for one in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=is_flat)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)


def as_yaml(objects: Iterable[Json]) -> str:
    """One document for each, whatever their texts have in them."""
    return "---\n".join(map(_document, objects))


def _document(one: Json) -> str:
    # Through JSON: what has something in it twice would become an anchor.
    plain = json.loads(json.dumps(one))
    text: str = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
    return text
