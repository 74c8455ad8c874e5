"""Settings that a YAML file may say too, and how such a file is read."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from kubervisor.capability_settings import CapabilitySettings

MAX_CONFIG_BYTES = 1 << 20


class FileSettings(CapabilitySettings):
    """The base of settings whose field `config` names a file: flags win over the environment, the
    environment over the file, the file over defaults.
    """

    @classmethod
    @abstractmethod
    def read_file(cls, path: Path) -> dict[str, Any]:
        """The settings in the file, by field name, unchecked. Raises ValueError, naming it."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not used by this program
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, and the file that one of them names."""
        path = init_settings().get("config") or env_settings().get("config")
        written = cls.read_file(Path(path)) if path else {}
        return init_settings, env_settings, InitSettingsSource(settings_cls, written)


def read_mapping(path: Path, wanted: str) -> dict[Any, Any]:
    """The mapping in a YAML file, empty where there is nothing in it. Raises ValueError, naming the
    file, and where there is no mapping also what is `wanted`.

    No message quotes the file: a secret may stand in the wrong place.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CONFIG_BYTES + 1)
        if len(text) > MAX_CONFIG_BYTES:
            raise ValueError("has more than 1 MiB")
        found = yaml.safe_load(text)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"{path}: is no YAML, see line {line}") from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError):
        raise ValueError(f"{path}: is no YAML of at most 1 MiB") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"{path}: must hold {wanted}")  # noqa: TRY004 - a wrong file, no wrong call
    return found
