"""Composition root of `kubervisor run --capability rules`: from settings to a process.

It shares no cache, thread or account with what moves traffic, probes watchdogs or rolls data out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kubervisor.assembly import (
    Frame,
    connect_api,
    count_restart,
    listen_for_health,
    loop_maker,
    make_frame,
    tell_unreadable,
)
from kubervisor.kube import paths
from kubervisor.kube.caches import ObjectCache
from kubervisor.kube.client import Api
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.rule_access import AccessCaches, watch_access
from kubervisor.kube.rule_records import (
    RuleObjectRecord,
    SeenObject,
    decode_approval,
    decode_rule,
    decode_rule_object,
    decoder_of,
)
from kubervisor.kube.rule_writer import RuleEvents, RuleWriter
from kubervisor.kube.watch_cache import watch_cache
from kubervisor.rules.actions.action import Action
from kubervisor.rules.actions.registry import make_actions
from kubervisor.rules.controller.accessing import Accessing
from kubervisor.rules.controller.acting import Acting
from kubervisor.rules.controller.approvals import Approvals
from kubervisor.rules.controller.catalog import Catalog
from kubervisor.rules.controller.deeds import Deeds
from kubervisor.rules.controller.following import Following
from kubervisor.rules.controller.gathering import Gathering
from kubervisor.rules.controller.leading import RulesLeading
from kubervisor.rules.controller.news import RuleNews
from kubervisor.rules.controller.polling import Polls
from kubervisor.rules.controller.rounds import Rounds
from kubervisor.rules.controller.storage import Shown, Storage
from kubervisor.rules.controller.taking import Taker
from kubervisor.rules.controller.tidying import Tidying
from kubervisor.rules.controller.troubles import Troubles
from kubervisor.rules.controller.watches import Kind, OnDemand
from kubervisor.rules.controller.world import Cluster
from kubervisor.rules.decision.budget import Limits
from kubervisor.rules.decision.policy import ObjectKind
from kubervisor.rules.job_templates import read_templates
from kubervisor.rules_settings import RulesSettings
from kubervisor.runtime import memory
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.fetching import FetchPool
from kubervisor.runtime.process import Process
from kubervisor.runtime.together import Together
from kubervisor.sources import Sources
from kubervisor.sources.webhook import Webhooks
from kubervisor.telemetry import metrics

COMPONENT = "kubervisor.k8s.io/rules"
REST_SECONDS = 0.2
"""At least so long is between two looks: many answers that come at once are one look."""

MAX_SAMPLE_AGE = 300.0
"""Seconds after which a sample is no sample; Prometheus' own. Volumes are measured by the minute,
and what a metric said before a change is found out by the capacity that came with it.
"""


@dataclass(frozen=True, slots=True)
class _Caches:
    """What the watches keep."""

    rules: ObjectCache[SpecRecord] = field(default_factory=ObjectCache)
    objects: ObjectCache[RuleObjectRecord] = field(default_factory=ObjectCache)
    approvals: ObjectCache[SpecRecord] = field(default_factory=ObjectCache)
    namespaces: ObjectCache[SeenObject] = field(default_factory=ObjectCache)

    def labels_of(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a namespace, None where nobody knows of it."""
        found = self.namespaces.get("", namespace)
        return None if found is None else found.labels


def build(settings: RulesSettings) -> Process:
    """The process that `settings` describe, ready to run.

    Raises ApiError where the API server cannot be used, OSError where an address cannot be bound,
    ValueError where a file or pattern cannot be used.
    """
    frame, clock, caches = make_frame(settings), Clock(), _Caches()
    # Whatever a name resolves to: nobody reaches the API server by way of a webhook.
    api_server = frozenset(filter(None, [os.environ.get("KUBERNETES_SERVICE_HOST")]))
    webhooks = Webhooks(settings.webhook_hosts, api_server)
    actions = _actions(settings, webhooks, frame.api)
    if settings.register_crds:
        _register_crds(frame)
    watches, kinds = _watches(frame, settings, caches), _kinds(frame, settings)
    events = RuleEvents(frame.api, COMPONENT, frame.identity)
    news = RuleNews(events, frame.log)
    accessing = _accessing(frame, settings, news, clock)
    polls = Polls(
        Sources(named=settings.sources, allow=(), max_sample_age=MAX_SAMPLE_AGE),
        FetchPool(clock=clock),
        clock,
        shortest=settings.min_poll_interval,
    )
    gathering = Gathering(polls, kinds, caches.labels_of, accessing, most=settings.max_objects)
    rounds = _rounds(frame, settings, clock, caches, gathering, polls, actions, webhooks, news)
    begin = loop_maker(clock, frame.log)
    loop = begin("rules", "rules", rounds.step, rest=min(REST_SECONDS, settings.min_poll_interval))
    polls.answered = loop.wake
    caches.rules.subscribe(lambda _: loop.wake())
    caches.approvals.subscribe(lambda _: loop.wake())
    leading = RulesLeading(
        reflectors=watches,
        loops=[loop, begin("memory", "memory", memory.Tidy().step)],
        stop=frame.stop,
        clock=clock,
        log=frame.log,
    )
    health = listen_for_health(
        settings.listen,
        live=leading.stuck,
        watches=watches,
        before_scrape=partial(_count, caches, kinds),
    )
    on_demand = [*(kind.watches for kind in kinds.values()), accessing.watches]
    besides = [one for watched in on_demand for one in watched.backgrounds()]
    return frame.process(
        watches=watches, events=events, servers=[health], leading=leading, besides=besides
    )


def _watches(frame: Frame, settings: RulesSettings, caches: _Caches) -> tuple[Reflector[Any], ...]:
    """Of what every rule needs. Rules and namespaces are in no namespace."""
    watch = partial(
        watch_cache,
        frame.api,
        stop=frame.stop,
        count=count_restart,
        left_out=tell_unreadable(frame.log),
    )
    named = settings.namespaces
    return (
        *watch(paths.AUTOPILOT_RULES, (), caches.rules, name="autopilotrules", decode=decode_rule),
        *watch(
            paths.AUTOPILOT_RULE_OBJECTS,
            named,
            caches.objects,
            name="autopilotruleobjects",
            decode=decode_rule_object,
        ),
        *watch(
            paths.ACTION_APPROVALS,
            named,
            caches.approvals,
            name="actionapprovals",
            decode=decode_approval,
        ),
        *watch(
            paths.NAMESPACES,
            (),
            caches.namespaces,
            name="namespaces",
            decode=decoder_of("Namespace"),
        ),
    )


def _kinds(frame: Frame, settings: RulesSettings) -> dict[ObjectKind, Kind]:
    """What rules can be about; watched once one of them is."""
    kinds = {}
    for kind in ObjectKind:
        path, cache = paths.BY_KIND[kind.value], ObjectCache[SeenObject]()
        reflectors = watch_cache(
            frame.api,
            path,
            settings.namespaces,
            cache,
            name=path.rpartition("/")[2],
            decode=decoder_of(kind.value),
            stop=frame.stop,
            count=count_restart,
            left_out=tell_unreadable(frame.log),
        )
        kinds[kind] = Kind(cache, OnDemand(reflectors))
    return kinds


def _accessing(frame: Frame, settings: RulesSettings, news: RuleNews, clock: Clock) -> Accessing:
    """What rules about the use of volumes see; watched once there is one."""
    caches = AccessCaches()
    reflectors = watch_access(
        frame.api,
        settings.namespaces,
        caches,
        stop=frame.stop,
        count=count_restart,
        left_out=tell_unreadable(frame.log),
    )
    return Accessing(caches, OnDemand(reflectors), news.warn_of_access, clock)


def _actions(settings: RulesSettings, webhooks: Webhooks, api: Api) -> dict[str, Action]:
    """All there are, as the administrator wants them. Raises ValueError."""
    templates = read_templates(settings.job_templates) if settings.job_templates else {}
    return make_actions(
        provider_cool_down=settings.provider_cool_down,
        webhook_refusal=webhooks.refusal,
        job_templates=templates,
        job_namespace=settings.job_namespace or os.environ.get("POD_NAMESPACE") or api.namespace,
    )


def _rounds(
    frame: Frame,
    settings: RulesSettings,
    clock: Clock,
    caches: _Caches,
    gathering: Gathering,
    polls: Polls,
    actions: Mapping[str, Action],
    webhooks: Webhooks,
    news: RuleNews,
) -> Rounds:
    """What takes the looks, with connections of its own: it waits for no watch."""
    api, may_write = connect_api(settings.kubeconfig), frame.elector.check
    writer = RuleWriter(api, may_write)
    storage = Storage(Shown(caches.rules.values, caches.objects.values, caches.approvals.values))
    troubles = Troubles(frame.log)
    approvals = Approvals(writer, storage.approvals)
    acting = Acting(actions, Cluster(api), Deeds(api, may_write, webhooks))
    taker = Taker(storage.memories, storage.objects, approvals, acting, writer, news)
    following = Following(gathering, taker, storage.memories, troubles)
    return Rounds(
        storage=storage,
        approvals=approvals,
        catalog=Catalog(actions, settings.actions, settings.sources, dry_run=settings.dry_run),
        polls=polls,
        following=following,
        taker=taker,
        tidying=Tidying(storage, following, writer, news, troubles),
        troubles=troubles,
        writer=writer,
        together=Together("rules", settings.writes_at_once),
        limits=Limits(
            settings.actions_at_once,
            settings.actions_per_hour,
            settings.actions_per_namespace_per_hour,
        ),
        clock=clock,
    )


def _count(caches: _Caches, kinds: Mapping[ObjectKind, Kind]) -> None:
    metrics.CACHE_OBJECTS.labels("autopilotruleobjects").set(len(caches.objects))
    for kind, those in kinds.items():
        metrics.CACHE_OBJECTS.labels(kind.value).set(len(those))


def _register_crds(frame: Frame) -> None:
    # Imported here: only who registers needs the schema generator.
    from kubervisor.api.autopilot_crds import APPROVAL, RULE, RULE_OBJECT  # noqa: PLC0415

    for definition in (RULE, RULE_OBJECT, APPROVAL):
        frame.register(definition.crd())
