"""Composition root of `kubervisor run --capability datarollout`: from settings to a process.

It shares no cache, thread or account with what moves traffic or probes watchdogs: none can hold up
another.
"""

from __future__ import annotations

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
from kubervisor.data_settings import DataSettings
from kubervisor.datarollout.controller.asker import Asker
from kubervisor.datarollout.controller.deciding import Decider
from kubervisor.datarollout.controller.leading import DataLeading
from kubervisor.datarollout.controller.offers import Offers
from kubervisor.datarollout.controller.rollout_news import RolloutNews
from kubervisor.datarollout.controller.rollouts import Rollouts
from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import RolloutPolicy
from kubervisor.datarollout.needs import is_about_data
from kubervisor.kube import data_pods, paths
from kubervisor.kube.caches import ObjectCache
from kubervisor.kube.data_pods import DataPod
from kubervisor.kube.data_rollouts import DataWriter, RolloutEvents, decode_rollout
from kubervisor.kube.fresh import Fresh
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watch_cache import watch_cache
from kubervisor.runtime import memory
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.process import Process
from kubervisor.runtime.together import Together
from kubervisor.sources.data_repository import ManifestClient
from kubervisor.telemetry import data_metrics, metrics

COMPONENT = "kubervisor.k8s.io/datarollout"
REST_SECONDS = 1.0
"""At least so long is between two looks: many pods that change at once are one look."""


def build(settings: DataSettings) -> Process:
    """The process that `settings` describe, ready to run.

    Raises ApiError where the API server cannot be used, OSError where an address cannot be bound.
    """
    frame, clock = make_frame(settings), Clock()
    if settings.register_crds:
        _register_crd(frame)
    pods, rollouts = ObjectCache[DataPod](), ObjectCache[SpecRecord]()
    watches = _watches(frame, settings, pods, rollouts)
    events = RolloutEvents(frame.api, COMPONENT, frame.identity)
    repository = connect_repository(settings)
    offers = Offers(
        repository,
        period=settings.period,
        patience=settings.repository_timeout,
        clock=clock,
        log=frame.log,
    )
    rounds = _rollouts(frame, settings, offers, pods, rollouts, events, clock)
    begin = loop_maker(clock, frame.log)
    rest = min(REST_SECONDS, settings.period)
    looks = begin("datarollout", "datarollout", rounds.step, rest=rest)
    offers.changed = looks.wake
    leading = DataLeading(
        reflectors=watches,
        pods=pods,
        rollouts=rollouts,
        looks=looks,
        others=[
            begin("repository", "repository", offers.step),
            begin("memory", "memory", memory.Tidy().step),
        ],
        stop=frame.stop,
        clock=clock,
        log=frame.log,
    )
    count = partial(_count, pods, offers)
    health = listen_for_health(
        settings.listen, live=leading.stuck, watches=watches, before_scrape=count
    )
    return frame.process(watches=watches, events=events, servers=[health], leading=leading)


def connect_repository(settings: DataSettings) -> ManifestClient:
    """The door to the data repository; nobody was asked yet."""
    return ManifestClient(
        settings.repository,
        timeout=settings.repository_timeout,
        token_file=settings.token_file,
        ca_file=settings.ca_file,
    )


def _watches(
    frame: Frame,
    settings: DataSettings,
    pods: ObjectCache[DataPod],
    rollouts: ObjectCache[SpecRecord],
) -> tuple[Reflector[Any], ...]:
    left_out = tell_unreadable(frame.log)
    of_pods = watch_cache(
        frame.api,
        paths.PODS,
        settings.namespaces,
        pods,
        name="pods",
        decode=data_pods.decoder(is_about_data),
        is_kept=lambda pod: bool(pod.notes),
        stop=frame.stop,
        count=count_restart,
        left_out=left_out,
    )
    of_rollouts = watch_cache(
        frame.api,
        paths.DATA_ROLLOUTS,
        settings.namespaces,
        rollouts,
        name="datarollouts",
        decode=decode_rollout,
        stop=frame.stop,
        count=count_restart,
        left_out=left_out,
    )
    return *of_pods, *of_rollouts


def _rollouts(
    frame: Frame,
    settings: DataSettings,
    offers: Offers,
    pods: ObjectCache[DataPod],
    rollouts: ObjectCache[SpecRecord],
    events: RolloutEvents,
    clock: Clock,
) -> Rollouts:
    """What takes the looks, with connections of its own: it waits for no watch."""
    writer = DataWriter(connect_api(settings.kubeconfig), frame.elector.check, is_about_data)
    fresh_pods = Fresh[DataPod](lambda pod: pod.version)
    fresh_rollouts = Fresh[SpecRecord](lambda one: one.resource_version, begins=True)
    together, news = Together("rollouts", settings.writes_at_once), RolloutNews(events, frame.log)
    default = RolloutPolicy(
        stages=settings.shares,
        probation=settings.probation,
        failure_percent=settings.failure_percent,
        deadline=settings.progress_deadline,
    )
    return Rollouts(
        offers=offers,
        pods=pods.values,
        rollouts=rollouts.values,
        fresh_pods=fresh_pods,
        fresh_rollouts=fresh_rollouts,
        decider=Decider(
            plan_rollout,
            writer,
            fresh_rollouts,
            news,
            default=default,
            dry_run=settings.dry_run,
        ),
        asker=Asker(
            writer, fresh_pods, together, most=settings.writes_per_look, ends=frame.stop.is_set
        ),
        writer=writer,
        news=news,
        together=together,
        period=settings.period,
        most=settings.max_rollouts,
        clock=clock,
        log=frame.log,
    )


def _count(pods: ObjectCache[DataPod], offers: Offers) -> None:
    metrics.CACHE_OBJECTS.labels("pods").set(len(pods))
    data_metrics.REPOSITORY_AGE.set(offers.age())


def _register_crd(frame: Frame) -> None:
    # Imported here: only who registers needs the schema generator.
    from kubervisor.api.data_rollout_crd import DEFINITION  # noqa: PLC0415

    frame.register(DEFINITION.crd())
