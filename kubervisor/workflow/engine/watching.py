"""The caches of an operator: of its resources, and of each kind that its phases read or write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubervisor.kube.caches import ObjectCache
from kubervisor.kube.client import Api
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.unreadable import Raw
from kubervisor.kube.watch_cache import watch_cache
from kubervisor.kube.watches import Count, LeftOut
from kubervisor.workflow.engine.kinds import all_kinds, path_of, read_kinds, resource_parameter
from kubervisor.workflow.engine.seen import Seen, decoder_of
from kubervisor.workflow.project.model import Parameter, Project


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind that is watched. `cache` has all of its objects in the namespaces of the operator."""

    parameter: Parameter
    path: str
    decode: Callable[[Raw], Seen]
    cache: ObjectCache[Seen]
    reflectors: tuple[Reflector[Any], ...]


@dataclass(frozen=True, slots=True)
class World:
    """What the operator sees: its `resources`, and the other `kinds` by their lower names.

    `namespaces` are those it looks after; empty means all.
    """

    resources: Kind
    kinds: Mapping[str, Kind]
    namespaces: tuple[str, ...]

    @property
    def reflectors(self) -> tuple[Reflector[Any], ...]:
        kinds = (self.resources, *self.kinds.values())
        return tuple(one for kind in kinds for one in kind.reflectors)


def watch_world(
    api: Api,
    project: Project,
    namespaces: Iterable[str],
    *,
    stop: threading.Event,
    count: Count,
    left_out: LeftOut,
) -> World:
    """The caches of all that an operator of `project` has to do with, one watch for each kind, or
    for each kind in each of the `namespaces` where some are named.
    """
    named, read = tuple(namespaces), read_kinds(project)

    def watched(parameter: Parameter, *, is_read: bool, may_be_unknown: bool) -> Kind:
        path, cache = path_of(parameter), ObjectCache[Seen]()
        decode = decoder_of(parameter, is_read=is_read)
        reflectors = watch_cache(
            api,
            path,
            named if parameter.namespaced else (),
            cache,
            name=parameter.lower_name,
            decode=decode,
            stop=stop,
            count=count,
            left_out=left_out,
            may_be_unknown=may_be_unknown,
        )
        return Kind(parameter, path, decode, cache, reflectors)

    resources = watched(resource_parameter(project), is_read=True, may_be_unknown=False)
    # A project may name kinds for meshes of which the cluster has one, or none.
    kinds = {
        one.lower_name: watched(one, is_read=one.lower_name in read, may_be_unknown=True)
        for one in all_kinds(project)
    }
    return World(resources, kinds, named)
