"""What ends a command early, and with which exit code."""

from __future__ import annotations

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


class Stop(Exception):
    """Ends the command: the text is for people, `code` for scripts."""

    code = FAILED


class UsageError(Stop):
    """The command line does not mean anything."""

    code = USAGE


class Refused(Stop):
    """kubectl or the API server said no; the text is theirs."""

    @property
    def not_found(self) -> bool:
        """True where the object, or its kind, does not exist."""
        said = str(self)
        return "(NotFound)" in said or "doesn't have a resource type" in said

    @property
    def forbidden(self) -> bool:
        """True where the user lacks the right."""
        return "(Forbidden)" in str(self)
