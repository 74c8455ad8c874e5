"""The controller against a real API server when something goes wrong: crashes, another leader,
missing rights, sources that fail, people who meddle. What was begun is brought to its end, once.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from playground.controller import Controller
from playground.loaded import Loaded
from playground.processes import free_port
from playground.provisioner import Provisioner
from playground.storage_changes import Answer, Work
from playground.storage_objects import GI
from tests.namespaces import passing_namespace
from tests.rules.account import Account
from tests.rules.farm import RESIZE, RULES, Farm, above
from tests.rules.gauges import Samples

POLLS = 3


def growths(provisioner: Provisioner, farm: Farm, claim: str) -> int:
    return sum(one.claim == f"{farm.namespace}/{claim}" for one in provisioner.growths)


def test_killed_after_each_of_its_writes_it_grows_a_claim_once(
    farm: Farm, provisioner: Provisioner
) -> None:
    farm.claim("pg", used=6)
    farm.rule()
    flags = [
        f"--kubeconfig={farm.cluster.kubeconfig}",
        f"--namespace={farm.namespace}",
        f"--listen=127.0.0.1:{free_port()}",
        f"--source=default={farm.source.url}",
        "--min-poll-interval=0.2",
        "--no-register-crds",
        "--no-leader-elect",
    ]
    with Loaded() as processes:
        processes.start("crashing", [sys.executable, "-m", "tests.rules.crashing", *flags])
        farm.wait(lambda: farm.history("pg")[-1:] == ["Normal"], "it is at rest")
        farm.wait(lambda: farm.condition("Triggered").get("status") == "False", "and says so")
        farm.source.wait_asked(POLLS)
        processes.stop("crashing")
        said = (processes.folder / "crashing.log").read_text().splitlines()
    writes = [line for line in said if line.startswith(("POST", "PATCH", "DELETE"))]
    assert growths(provisioner, farm, "pg") == 1
    assert (farm.requested("pg"), len(farm.status("pg")["acted"])) == (20 * GI, 1)
    claims = [line for line in writes if line.endswith("/persistentvolumeclaims/pg")]
    assert len(claims) == 1, writes
    # One start for each write and no write twice, and one more that found nothing to do.
    assert 8 <= len(writes) <= 20, writes
    assert said.count("started") == len(writes) + 1


def test_a_second_leader_goes_on_in_the_middle_of_an_action(
    farm: Farm, provisioner: Provisioner
) -> None:
    farm.claim("pg", used=6)
    farm.rule()
    provisioner.answer(Work.RESIZE, Answer.HOLD)
    try:
        first = farm.controller(elect=True)
        farm.wait_state("pg", "ActiveActionsInProgress")
        farm.controller(elect=True)
        first.stop(signal.SIGKILL)
    finally:
        provisioner.answer(Work.RESIZE, Answer.DO)
    farm.wait(lambda: farm.history("pg")[-1:] == ["Normal"], "the other one sees it through")
    assert growths(provisioner, farm, "pg") == 1
    assert len(farm.status("pg")["acted"]) == 1


def test_a_leader_that_froze_and_wakes_writes_nothing_any_more(farm: Farm) -> None:
    farm.claim("pg", used=1)
    farm.rule()
    frozen = farm.controller(elect=True)
    farm.wait_state("pg", "Normal")
    farm.controller(elect=True)
    frozen.send_signal(signal.SIGSTOP)
    farm.used["pg"] = 6 * GI
    farm.wait(
        lambda: farm.history("pg")[-1:] == ["Normal"] and farm.capacity("pg") == 20 * GI, "it grows"
    )
    farm.wait(lambda: farm.condition("Triggered").get("status") == "False", "and is at rest")
    versions = written(farm)
    frozen.send_signal(signal.SIGCONT)
    frozen.wait_line(lambda line: line["event"] == "Stopped", 30, "it ends")
    farm.source.wait_asked(POLLS)
    assert written(farm) == versions


def written(farm: Farm) -> dict[str, str]:
    bodies = {**farm.objects.objects, **farm.rules.objects, **farm.claims.objects}
    return {key: body["metadata"]["resourceVersion"] for key, body in bodies.items()}


def test_what_was_begun_is_brought_to_its_end_though_its_rule_is_deleted(
    farm: Farm, provisioner: Provisioner
) -> None:
    farm.claim("pg", used=6)
    farm.rule()
    provisioner.answer(Work.RESIZE, Answer.HOLD)
    try:
        farm.controller()
        farm.wait_state("pg", "ActiveActionsInProgress")
        farm.api.delete(f"{RULES}/grow-{farm.namespace}")
        farm.source.wait_asked(0)
        farm.wait(lambda: not farm.rule_status(), "the rule is gone")
        assert farm.state("pg") == "ActiveActionsInProgress"
    finally:
        provisioner.answer(Work.RESIZE, Answer.DO)
    farm.wait(lambda: not farm.objects.objects, "it ends, and nothing is left")
    assert farm.capacity("pg") == 20 * GI


def test_a_source_that_fails_holds_up_its_rules_only(farm: Farm) -> None:
    farm.claim("pg", used=1)
    farm.claim("other", used=1)
    farm.rule()
    dead = {"for": 1, "expressions": [above(50)], "provider": "dead"}
    farm.rule("dead", conditions=dead)
    farm.controller("--source=dead=http://127.0.0.1:9")
    farm.wait(
        lambda: farm.condition("Ready", "dead").get("reason") == "SourceUnavailable", "it says so"
    )
    farm.wait_state("pg", "Normal")
    farm.used["pg"] = 6 * GI
    farm.wait(lambda: farm.capacity("pg") == 20 * GI, "the other rule acts")
    farm.source.is_down = True
    farm.wait(lambda: farm.condition("Ready").get("status") == "False", "it says so too")
    farm.used["other"] = 6 * GI
    farm.source.wait_asked(POLLS)
    assert farm.state("other") == "Normal"
    farm.source.is_down = False
    farm.wait(lambda: farm.capacity("other") == 20 * GI, "it goes on with the source")
    farm.wait(lambda: farm.condition("Ready")["status"] == "True", "and is ready")


def test_nothing_happens_so_nothing_is_written(farm: Farm) -> None:
    for number in range(5):
        farm.claim(f"pg-{number}", used=number)
    farm.rule(actionsCoolDownPeriod=1)
    farm.rule(
        "ask", enforcement="approvalRequired", conditions={"for": 0, "expressions": [above(35)]}
    )
    controller = farm.controller(elect=True)
    farm.wait_state("pg-4", "ActionAwaitingApproval", "ask")
    farm.wait_state("pg-0", "Normal")
    quiet(farm, controller)
    before, versions = writes(controller), written(farm)
    # Values that differ at each look are no news.
    for number in range(5):
        farm.used[f"pg-{number}"] *= 1.01
    farm.source.wait_asked(3 * POLLS)
    assert writes(controller) == before
    assert written(farm) == versions


def quiet(farm: Farm, controller: Controller) -> None:
    """Return once nothing was written from one poll to the next."""
    last = -1.0
    while last != (last := writes(controller)):
        farm.source.wait_asked(POLLS)


def writes(controller: Controller) -> float:
    """Requests that write, but for the Lease's."""
    return sum(
        float(line.rpartition(" ")[2])
        for line in controller.page("/metrics").splitlines()
        if line.startswith("kubervisor_api_requests_total{")
        and any(f'verb="{verb}"' in line for verb in ("create", "patch", "update", "delete"))
        and 'resource="leases"' not in line
    )


def test_what_people_write_into_its_memory_harms_no_other(farm: Farm) -> None:
    for name in ("meddled", "deleted", "pg"):
        farm.claim(name, used=1)
    farm.rule()
    controller = farm.controller()
    for name in ("meddled", "deleted", "pg"):
        farm.wait_state(name, "Normal")
    names = {
        body["status"]["object"]["name"]: body["metadata"]["name"]
        for body in farm.objects.objects.values()
    }
    hostile = {"state": "Nonsense", "since": "9999-12-31T23:59:59Z", "items": [], "intents": []}
    farm.api.merge(f"{farm.objects_path}/{names['meddled']}/status", {"status": hostile})
    farm.api.delete(f"{farm.objects_path}/{names['deleted']}")
    farm.wait_state("deleted", "Normal")
    for name in names:
        farm.used[name] = 6 * GI
    farm.wait(lambda: all(farm.capacity(name) == 20 * GI for name in names), "all grow")
    errors = [line for line in controller.lines() if line.get("level") == "error"]
    assert not errors


def test_a_namespace_without_rights_holds_up_no_other(
    farm: Farm, provisioner: Provisioner, tmp_path: Path
) -> None:
    with (
        passing_namespace(farm.cluster) as other,
        Farm(farm.cluster, other) as neighbour,
        closing(Account(farm.api, farm.namespace)) as account,
    ):
        account.change_claims(other)
        for each in (farm, neighbour):
            each.claim("pg", used=6)
            each.rule()
        farm.gauges = {key: _both(farm, neighbour, key) for key in farm.gauges}
        farm.controller(
            f"--namespace={other}", kubeconfig=account.kubeconfig(farm.cluster, tmp_path)
        )
        neighbour.wait(lambda: neighbour.capacity("pg") == 20 * GI, "with the right it grows")
        farm.wait(lambda: farm.told("FailedAction"), "without it an Event says so")
        assert "A right is missing" in farm.told("FailedAction")[0]
        account.change_claims(farm.namespace)
        farm.wait(lambda: farm.capacity("pg") == 20 * GI, "and with it it grows")
        assert growths(provisioner, farm, "pg") == 1


def _both(one: Farm, other: Farm, key: str) -> Callable[[], Samples]:
    """What two farms say of an expression, from one source."""
    first, second = one.gauges[key], other.gauges[key]
    return lambda: [*first(), *second()]


def test_an_action_that_is_no_longer_what_was_approved_is_asked_for_anew(farm: Farm) -> None:
    farm.claim("pg", used=6)
    farm.rule(enforcement="approvalRequired")
    farm.controller()
    farm.wait(lambda: farm.approval("pg").get("status"), "a person is asked")
    digest = farm.approval("pg")["status"]["actionsDigest"]
    farm.rule(
        enforcement="approvalRequired",
        actions=[{"name": RESIZE, "params": {"scalepercentage": "300"}}],
    )
    farm.wait(
        lambda: farm.approval("pg")["status"]["actionsDigest"] != digest, "it is asked for anew"
    )
    assert farm.approval("pg")["spec"]["approvalState"] == "pending"
    farm.answer("pg", "approved")
    farm.wait(lambda: farm.capacity("pg") == 40 * GI, "what was asked for last is done")
