"""The wheel of a project, and the image that is made of it where there is an engine."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from importlib.util import find_spec
from pathlib import Path

from kubervisor.errors import SpecError

FOLDER = "build"
"""What the image is made of: its Dockerfile and the wheel, and wheels that the user adds."""

ENGINES = ("docker", "podman")
_ANSWER_SECONDS = 20.0
_SAID_LINES = 30


def build_wheel(project: Path) -> Path:
    """The wheel of the project, in its folder `FOLDER`, where it takes an older one's place.

    Raises SpecError where there is no Dockerfile beside it, or no wheel can be built.
    """
    into = project / FOLDER
    if not (into / "Dockerfile").is_file():
        raise SpecError(f"{into / 'Dockerfile'} is not there: run `kubervisor workflow generate`")
    with tempfile.TemporaryDirectory(prefix="kubervisor-wheel-") as folder:
        _run_pip(project, folder)
        built = sorted(Path(folder).glob("*.whl"))
        if len(built) != 1:
            raise SpecError(f"{project}: one wheel should come of it, not {len(built)}")
        name = built[0].name.partition("-")[0]
        for older in into.glob(f"{name}-*.whl"):
            older.unlink()
        return Path(shutil.move(built[0], into / built[0].name))


def _run_pip(project: Path, folder: str) -> None:
    # Where its backend is at hand nothing has to be fetched to build it.
    isolated = [] if find_spec(_backend(project)) is None else ["--no-build-isolation"]
    flags = ("--disable-pip-version-check", "--no-deps", *isolated, f"--wheel-dir={folder}")
    # Isolated: the folder that we are in has packages, too.
    command = (sys.executable, "-I", "-m", "pip", "wheel", *flags, str(project.resolve()))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_SAID_LINES:])
        raise SpecError(f"{project}: no wheel can be built of it:\n{said}")


def _backend(project: Path) -> str:
    """The package that builds it. Raises SpecError where the project does not say."""
    path = project / "pyproject.toml"
    try:
        backend = tomllib.loads(path.read_text("utf-8"))["build-system"]["build-backend"]
        return str(backend).partition(":")[0].partition(".")[0]
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: is no TOML ({error})") from None
    except (KeyError, TypeError):
        raise SpecError(f"{path}: needs [build-system] with a build-backend") from None


def find_engine() -> str | None:
    """The program of a container engine that answers; a client on PATH alone is none."""
    return next(filter(_answers, ENGINES), None)


def _answers(engine: str) -> bool:
    try:
        done = subprocess.run(
            [engine, "info"], capture_output=True, timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def image_command(engine: str, image: str, project: Path) -> list[str]:
    """The command that builds the image of a project whose wheel is built."""
    context = project / FOLDER
    return [engine, "build", "--tag", image, "--file", str(context / "Dockerfile"), str(context)]


def build_image(engine: str, image: str, project: Path) -> None:
    """Build it; the engine says how it goes. Raises SpecError where it cannot."""
    command = image_command(engine, image, project)
    code = subprocess.run(command, check=False).returncode
    if code:
        raise SpecError(f"`{' '.join(command)}` ended with {code}: {image} is not built")
