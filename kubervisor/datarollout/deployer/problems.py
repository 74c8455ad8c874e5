"""Why a version could not be brought, cut where its handling differs.

DeploymentFailed
├─ RepositoryUnavailable   may pass by itself: what came so far is kept, and it is tried again
├─ VersionRefused          what the repository gave is not that version: all of it anew
├─ ArchiveRefused          the right bytes, but nothing that may be unpacked
├─ FolderRefused           the pod's folder cannot be used; its owner must change something
├─ FolderBusy              another deployer works in it: the same pod's, or one of a shared volume
└─ NotificationFailed      the data is there, the application was not told

A message becomes an annotation that is written when it changes, so it tells no instants, counts or
ports that differ from try to try.
"""

from __future__ import annotations

from kubervisor.errors import KubervisorError


class DeploymentFailed(KubervisorError):
    """A version was not brought. `reason` labels metrics."""

    reason = "DeploymentFailed"


class RepositoryUnavailable(DeploymentFailed):
    """Refused, cut off, silent, too slow, or 5xx."""

    reason = "RepositoryUnavailable"


class VersionRefused(DeploymentFailed):
    """Not there, not for us, too large, or other bytes than were asked for."""

    reason = "VersionRefused"


class ArchiveRefused(DeploymentFailed):
    """Not an archive, or one that would write where it must not, or too much."""

    reason = "ArchiveRefused"


class FolderRefused(DeploymentFailed):
    """Missing, not writable, full, or something of others is where our link would be."""

    reason = "FolderRefused"


class FolderBusy(DeploymentFailed):
    """Another deployer works in the folder now."""

    reason = "FolderBusy"


class NotificationFailed(DeploymentFailed):
    """No process to signal, or no answer that says yes."""

    reason = "NotificationFailed"


class Superseded(Exception):
    """The pod is asked for something else by now: what is under way shall stop."""
