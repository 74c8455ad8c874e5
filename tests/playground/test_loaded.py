"""Forks of a process that has loaded `kubervisor` are as good as programs started anew."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from playground.loaded import Loaded

SAYS = """
import os, sys
sys.path.remove(os.getcwd())
print(__name__, sys.argv[1:], os.environ["WORD"], "OPENBLAS_NUM_THREADS" in os.environ)
print("kubervisor.app" in sys.modules, flush=True)
sys.exit(7)
"""
LATE = """
import atexit, sys, threading
def late():
    threading.main_thread().join()
    print("the thread")
threading.Thread(target=late).start()
atexit.register(print, "the end")
sys.exit("no more")
"""


@pytest.fixture
def group() -> Iterator[Loaded]:
    with Loaded() as group:
        yield group


def run(group: Loaded, program: str, **env: str) -> tuple[int, list[str]]:
    """The exit code of a module of these lines, and what it said."""
    group.folder.joinpath("says.py").write_text(program)
    group.start("says", [sys.executable, "-m", "says", "a", "--b"], env)
    code = group.stop("says", number=0)  # type: ignore[arg-type]  # it ends by itself
    return code, group.folder.joinpath("says.log").read_text().splitlines()


def test_a_module_has_its_arguments_and_environment_and_its_exit_code_is_told(
    group: Loaded,
) -> None:
    code, said = run(group, SAYS, WORD="well")
    assert (code, said[0]) == (7, "__main__ ['a', '--b'] well False")


def test_the_program_is_loaded_already(group: Loaded) -> None:
    assert run(group, SAYS, WORD="")[1][1] == "True"


def test_threads_end_and_what_was_put_off_is_done_before_the_process_ends(group: Loaded) -> None:
    code, said = run(group, LATE)
    assert (code, said) == (1, ["the thread", "the end", "no more"])


def test_what_the_environment_tells_python_is_heeded(group: Loaded) -> None:
    customize = "import builtins; builtins.print = lambda *said, **_: said"
    group.folder.joinpath("sitecustomize.py").write_text(customize)
    code, said = run(group, SAYS, WORD="", PYTHONPATH=str(group.folder))
    assert (code, said) == (7, [])


def test_an_error_that_nobody_catches_is_told(group: Loaded) -> None:
    code, said = run(group, "raise RuntimeError('broken')")
    assert (code, said[-1]) == (1, "RuntimeError: broken")


def test_what_is_no_module_is_a_program(group: Loaded) -> None:
    group.start("echo", ["echo", "hello"])
    assert group.stop("echo") in {0, -15}
