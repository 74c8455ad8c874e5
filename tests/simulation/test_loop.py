from __future__ import annotations

import numpy as np

from kubervisor.api.policy import to_policy
from kubervisor.simulation.assessment import avoided_percent, delays, rightness, trio
from kubervisor.simulation.guarded import guarded_by
from kubervisor.simulation.loop import run
from kubervisor.simulation.oracle import Nobody, Oracle
from kubervisor.simulation.record import Did
from kubervisor.simulation.scenario import Fault, Scenario
from tests.simulation.fleets import a_policy

HARD = Scenario(pods=5, faults=(Fault(pods=(2,), start=120, duration=240, error_percent=50),))


def test_the_same_seed_is_the_same_run_and_another_is_not() -> None:
    one, same, other = (run(HARD, guarded_by(a_policy()), seed=seed) for seed in (1, 1, 2))
    assert one.actions == same.actions
    assert one.requests == same.requests != other.requests


def test_a_hard_fault_is_found_and_spares_clients() -> None:
    runs = trio(HARD, guarded_by(a_policy()), seed=1)
    (delay,) = delays(runs.run)
    assert delay is not None
    assert delay < 40
    assert all(rightness(runs.run))
    assert runs.oracle.spoilt == 0 < runs.run.spoilt < runs.nothing.spoilt
    assert 20 < avoided_percent([runs]) < 100
    assert {action.pod for action in runs.run.actions} == {2}
    assert runs.run.fewest_serving == 4


def test_nobody_does_nothing_and_the_oracle_knows() -> None:
    nothing, oracle = run(HARD, Nobody, seed=3), run(HARD, Oracle, seed=3)
    assert nothing.actions == ()
    assert [(a.at, a.pod, a.did) for a in oracle.actions] == [
        (120, 2, Did.EJECTED),
        (360, 2, Did.RETURNED),
    ]
    assert oracle.lost_capacity == 0
    assert np.array_equal(oracle.out.sum(axis=0), [0, 0, 240, 0, 0])


def test_a_pod_that_never_recovers_is_terminated_and_replaced() -> None:
    spec = {
        "service": "s",
        "breakers": [
            {
                "name": "errors",
                "discreteValueOutOfList": {
                    "source": "main",
                    "promQL": "sum by (pod, code) (increase(http_requests_total[30s]))",
                    "key": "code",
                    "podNamekey": "pod",
                    "goodValues": ["200"],
                    "tolerance": 20,
                },
                "activator": {"mode": "retryAndKill", "period": 10, "maxRetryCount": 1},
            }
        ],
    }
    scenario = Scenario(pods=3, faults=(Fault(start=60, error_percent=90),))
    record = run(scenario, guarded_by(to_policy(spec)), seed=1)
    did = [action.did for action in record.actions]
    assert did == [Did.EJECTED, Did.RETURNED, Did.EJECTED, Did.TERMINATED, Did.REPLACED]
    assert record.actions[-1].at == record.actions[-2].at + 10
    nothing = run(scenario, Nobody, seed=1)
    assert record.spoilt < nothing.spoilt / 3


def test_a_starting_container_is_not_judged() -> None:
    cold = Fault(start=120, duration=45, error_percent=50, restart=True, outlier=False)
    record = run(Scenario(pods=5, faults=(cold,)), guarded_by(a_policy()), seed=1)
    assert record.ejections == ()
