"""Rules of the design that are not about imports; those are contracts in pyproject.toml."""

from __future__ import annotations

import ast
from pathlib import Path

import kubervisor

PACKAGE = Path(kubervisor.__file__).parent
STARTERS = {"Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "start_new_thread"}


def starts_threads(source: str) -> bool:
    """Whether a module calls, or derives from, something that starts a thread."""
    for node in ast.walk(ast.parse(source)):
        used = [node.func] if isinstance(node, ast.Call) else []
        used += node.bases if isinstance(node, ast.ClassDef) else []
        for name in used:
            if STARTERS & {getattr(name, "id", None), getattr(name, "attr", None)}:
                return True
    return False


def test_only_runtime_starts_threads() -> None:
    starters = {path for path in PACKAGE.rglob("*.py") if starts_threads(path.read_text("utf-8"))}
    assert starters, "the search finds nothing, not even where threads are started"
    assert {path.relative_to(PACKAGE).parts[0] for path in starters} == {"runtime"}
