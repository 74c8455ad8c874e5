"""Objects in files of YAML or JSON documents, read as kubectl reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kubervisor.errors import SpecError

_INT, _FLOAT, _TIME = (f"tag:yaml.org,2002:{tag}" for tag in ("int", "float", "timestamp"))


class _Loader(yaml.SafeLoader):
    """Without YAML 1.1's numbers to the base of 60 and its instants, which kubectl does not know:
    22:00 is a text, and so is 2026-01-01.
    """


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> object:
    if ":" in node.value:
        return node.value
    whole = node.tag == _INT
    return loader.construct_yaml_int(node) if whole else loader.construct_yaml_float(node)


_Loader.add_constructor(_INT, _number)
_Loader.add_constructor(_FLOAT, _number)
_Loader.add_constructor(_TIME, lambda _, node: node.value)


def read_objects(path: Path) -> list[Mapping[str, Any]]:
    """The objects in a file, those of a List one by one; what is no mapping is left out.

    Raises SpecError, naming the file.
    """
    try:
        documents = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Loader))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise SpecError(f"{path}: is neither YAML nor JSON ({said})") from None
    listed = [
        one
        for document in documents
        if isinstance(document, Mapping)
        for one in (document["items"] if isinstance(document.get("items"), list) else [document])
    ]
    return [one for one in listed if isinstance(one, Mapping)]
