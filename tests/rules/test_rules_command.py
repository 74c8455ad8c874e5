"""`kubervisor rules test` as people and CI run it: what rules would do, without a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from kubervisor.cli import main
from tests.replay.recorded import Record, serving
from tests.rule_bodies import HOSTILE, RESIZE, USAGE

GI = 2**30
T0 = 1_700_000_000
MINUTE = 60
CAPACITY_GB = "px_volume_capacity_bytes / 1000000000"


def a_rule(name: str = "volume-resize", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "autopilot.libopenstorage.org/v1alpha1",
        "kind": "AutopilotRule",
        "metadata": {"name": name},
        "spec": {
            "conditions": {"expressions": [{"key": USAGE, "operator": "Gt", "values": ["50"]}]},
            "actions": [{"name": RESIZE, "params": {"scalepercentage": "100", "maxsize": "40Gi"}}],
            **spec,
        },
    }


def a_page(claims: Mapping[str, tuple[float, float]]) -> str:
    """Used and capacity in Gi of claims, at any time."""
    lines = []
    for name, (used, capacity) in claims.items():
        labels = f'{{namespace="shop",persistentvolumeclaim="{name}"}}'
        lines.append(f"kubelet_volume_stats_used_bytes{labels} {used * GI}")
        lines.append(f"kubelet_volume_stats_capacity_bytes{labels} {capacity * GI}")
    return "\n".join(lines) + "\n"


def a_past(minutes: int, used: float, step: float, capacity: float = 10.0) -> str:
    """A claim that fills by `step` Gi a minute."""
    lines = []
    labels = '{namespace="shop",persistentvolumeclaim="data-0"}'
    for minute in range(minutes):
        at = (T0 + minute * MINUTE) * 1000
        filled = (used + minute * step) * GI
        lines.append(f"kubelet_volume_stats_used_bytes{labels} {filled} {at}")
        lines.append(f"kubelet_volume_stats_capacity_bytes{labels} {capacity * GI} {at}")
    return "\n".join(lines) + "\n"


class Trial:
    """Files in a folder, and the command run on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, content: str | Mapping[str, Any] | Sequence[Any]) -> Path:
        path = self.folder / name
        if not isinstance(content, str):
            listed = content if isinstance(content, list) else [content]
            content = yaml.safe_dump_all(listed)
        path.write_text(content, encoding="utf-8")
        return path

    def run(self, *arguments: object, command: Sequence[str] = ("rules", "test")) -> Result:
        return CliRunner().invoke(main, [*command, *map(str, arguments)])

    def of(
        self,
        rule: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        page: str,
        *more: object,
        code: int,
    ) -> list[dict[str, Any]]:
        """What is said of the rules, in JSON; it must end with `code`."""
        rules, data = self.file("rule.yaml", rule), self.file("metrics.txt", page)
        done = self.run(rules, "--data", data, "-o", "json", *more)
        assert done.exit_code == code, done.output
        document = json.loads(done.stdout)
        assert document["code"] == code
        found: list[dict[str, Any]] = document["rules"]
        return found


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


def test_each_object_is_told_with_its_values_and_what_would_be_done(trial: Trial) -> None:
    (found,) = trial.of(a_rule(), a_page({"a": (6, 10), "b": (4, 10)}), code=10)
    first, second = found["objects"]
    assert (first["name"], first["values"], first["holds"]) == ("a", ["60"], True)
    assert first["would"] == [
        {"action": RESIZE, "summary": "grow PersistentVolumeClaim shop/a from 10Gi to 20Gi"}
    ]
    assert first["first"] == ["the condition holds for 30 s without a break"]
    assert (second["name"], second["holds"], second["acts"]) == ("b", False, False)
    assert found["notes"] == [
        "objects are those that the metrics name; give --objects or --kubeconfig for others"
    ]


def test_people_read_the_same_in_lines(trial: Trial) -> None:
    data = trial.file("metrics.txt", a_page({"a": (6, 10)}))
    done = trial.run(trial.file("rule.yaml", a_rule()), "--data", data)
    assert done.exit_code == 10
    assert "volume-resize" in done.stdout
    assert "would act on 1 of 1 objects" in done.stdout
    assert "would grow PersistentVolumeClaim shop/a from 10Gi to 20Gi" in done.stdout


def test_a_rule_that_would_do_nothing_ends_with_0(trial: Trial) -> None:
    (found,) = trial.of(a_rule(), a_page({"a": (4, 10)}), code=0)
    assert found["objects"][0]["message"] == f"{USAGE} is 40 (Gt 50)"


def test_a_dry_run_does_nothing_and_says_what_it_would(trial: Trial) -> None:
    (found,) = trial.of(a_rule(dryRun=True), a_page({"a": (6, 10)}), code=0)
    assert found["objects"][0]["would"]
    assert "dryRun is set: nothing of this is done" in found["notes"]


def test_a_limit_is_told_instead(trial: Trial) -> None:
    (found,) = trial.of(a_rule(), a_page({"a": (39, 40)}), code=0)
    assert found["objects"][0]["refused"]["reason"] == "AtMaximum"


def test_what_comes_before_an_action_is_told(trial: Trial) -> None:
    window = {"windows": [{"name": "never", "startTime": "22:00", "endTime": "22:01"}]}
    rule = a_rule(enforcement="approvalRequired", actionWindow={"enabled": True, **window})
    (found,) = trial.of(rule, a_past(2, 6, 0), code=10)  # its last instant is 22:14:20
    first = found["objects"][0]["first"]
    assert first[1] == "a person approves"
    assert first[2] == "an action window opens, at 2023-11-15T22:00:00Z"


def test_of_two_rules_the_lighter_one_waits(trial: Trial) -> None:
    rules = [a_rule("light"), a_rule("heavy", weight=10)]
    light, heavy = trial.of(rules, a_page({"a": (6, 10)}), code=10)
    assert (
        "rule light waits: rule heavy (weight 10, here 0) goes first"
        in (light["objects"][0]["first"][-1])
    )
    assert len(heavy["objects"][0]["first"]) == 1


CLAIM: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "a", "namespace": "shop", "labels": {"app": "postgres"}},
    "spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "10Gi"}}},
}
OTHER = {**CLAIM, "metadata": {"name": "b", "namespace": "shop", "labels": {"app": "cache"}}}
SHOP = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "shop", "labels": {"t": "db"}},
}
FIXED = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "fast"},
    "provisioner": "test.csi",
}
POSTGRES: dict[str, Any] = {"selector": {"matchLabels": {"app": "postgres"}}}


def test_objects_of_files_are_selected_by_their_labels(trial: Trial) -> None:
    page = a_page({"a": (6, 10), "b": (9, 10)})
    objects = trial.file("objects.yaml", [CLAIM, OTHER])
    (found,) = trial.of(a_rule(**POSTGRES), page, "--objects", objects, code=10)
    assert [one["name"] for one in found["objects"]] == ["a"]
    assert found["notes"] == [
        "StorageClass fast is not among the objects; its claims are taken to grow"
    ]


def test_namespaces_of_files_are_selected_by_theirs(trial: Trial) -> None:
    page = a_page({"a": (6, 10)})
    of_db = a_rule(namespaceSelector={"matchLabels": {"t": "db"}})
    of_web = a_rule(namespaceSelector={"matchLabels": {"t": "web"}})
    objects = trial.file("objects.yaml", [CLAIM, SHOP])
    assert trial.of(of_db, page, "--objects", objects, code=10)[0]["objects"]
    (nothing,) = trial.of(of_web, page, "--objects", objects, code=1)
    assert nothing["failure"] == "there is no object that the rule is about"
    alone = trial.file("claim.yaml", CLAIM)
    (unknown,) = trial.of(of_web, page, "--objects", alone, code=10)
    assert "namespaceSelector is not applied" in unknown["notes"][0]


def test_a_class_that_does_not_let_its_claims_grow_is_told(trial: Trial) -> None:
    objects = trial.file("objects.yaml", [CLAIM, FIXED])
    (found,) = trial.of(a_rule(), a_page({"a": (6, 10)}), "--objects", objects, code=0)
    assert found["objects"][0]["refused"]["reason"] == "NotExpandable"
    assert "allowVolumeExpansion: true" in found["objects"][0]["refused"]["message"]


def test_a_metric_of_another_size_than_the_claims_is_stale(trial: Trial) -> None:
    objects = trial.file("objects.yaml", CLAIM)
    (found,) = trial.of(a_rule(), a_page({"a": (6, 5)}), "--objects", objects, code=1)
    assert found["objects"][0]["reason"] == "StaleMetric"
    assert "say nothing of any object" in found["failure"]


SILENT = [
    pytest.param("kubelet_other 3\n", "the metrics name no object", id="other metrics"),
    pytest.param(
        "kubelet_volume_stats_used_bytes 6\nkubelet_volume_stats_capacity_bytes 10\n",
        "metricLabels changes",
        id="samples without labels",
    ),
]


@pytest.mark.parametrize(("page", "why"), SILENT)
def test_metrics_that_say_nothing_are_no_answer(trial: Trial, page: str, why: str) -> None:
    (found,) = trial.of(a_rule(), page, code=1)
    assert why in found["failure"]


def test_an_expression_that_takes_a_prometheus_is_refused_by_name(trial: Trial) -> None:
    rate = {"expressions": [{"key": "rate(used[5m])", "operator": "Gt", "values": ["1"]}]}
    (found,) = trial.of(a_rule(conditions=rate), a_page({"a": (6, 10)}), code=1)
    assert "rate(…) is a function" in found["failure"]
    assert "--source URL" in found["failure"]


def test_invented_fields_and_values_are_problems_with_their_path(trial: Trial) -> None:
    wrong = a_rule(pollInterval="60s")
    wrong["spec"]["actions"][0]["params"]["resizePercentage"] = "10"
    (found,) = trial.of(wrong, "", code=1)
    assert "pollInterval" in found["problems"][0]
    del wrong["spec"]["pollInterval"]
    (found,) = trial.of(wrong, "", code=1)
    assert "resizePercentage" in found["problems"][0]


def test_one_wrong_rule_hinders_no_other(trial: Trial) -> None:
    pool = [{"name": "openstorage.io.action.storagepool/expand"}]
    rules = [a_rule("pool", actions=pool), a_rule("right")]
    wrong, right = trial.of(rules, a_page({"a": (6, 10)}), code=1)
    assert "storage pools are not expanded" in wrong["problems"][0]
    assert right["code"] == 10


def test_without_metrics_a_rule_is_only_checked(trial: Trial) -> None:
    done = trial.run(trial.file("rule.yaml", a_rule()))
    assert (done.exit_code, "is valid; nobody was asked" in done.stdout) == (0, True)
    broken = trial.run(trial.file("broken.yaml", "{"))
    assert (broken.exit_code, "neither YAML nor JSON" in broken.stdout) == (1, True)
    empty = trial.run(trial.file("claim.yaml", CLAIM))
    assert (empty.exit_code, "has no AutopilotRule" in empty.stdout) == (1, True)


def test_hostile_text_is_printed_as_text(trial: Trial) -> None:
    done = trial.run(trial.file("rule.yaml", a_rule(enforcement=f"{HOSTILE}\x1b[2J")))
    assert done.exit_code == 1
    assert not {"\x1b", "\u202e"} & set(done.stdout)


WRONG = [
    pytest.param([], "Missing argument", id="no rule"),
    pytest.param(["RULE", "--end", "now"], "need --start", id="an end without a start"),
    pytest.param(["RULE", "--start", "-1h"], "--start needs --source", id="a past of nothing"),
    pytest.param(
        ["RULE", "--data", "RULE", "--source", "http://x"], "give one of", id="two sources"
    ),
    pytest.param(["RULE", "--data", "RULE"], "line 1", id="no page of metrics"),
    pytest.param(["RULE", "--source", "ftp://x"], "must be http", id="a source of another kind"),
    pytest.param(["RULE", "--objects", "RULE", "--kubeconfig", "RULE"], "exclude", id="two worlds"),
    pytest.param(["RULE", "--data", "PAGE", "--start", "soon"], "is no time", id="no time"),
    pytest.param(
        ["RULE", "--data", "PAGE", "--start", "-1h", "--step", "5ms"], "less than 1 s", id="a blink"
    ),
    pytest.param(
        ["RULE", "--data", "PAGE", "--start", "-1h", "--end", "-2h"], "not after", id="backwards"
    ),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG)
def test_wrong_usage_ends_with_2(trial: Trial, arguments: list[str], says: str) -> None:
    files = {"RULE": trial.file("rule.yaml", a_rule()), "PAGE": trial.file("page.txt", "used 1\n")}
    done = trial.run(*(files.get(one, one) for one in arguments))
    assert (done.exit_code, says in done.output) == (2, True), done.output


def test_over_a_time_a_claim_grows_as_it_fills(trial: Trial) -> None:
    (found,) = trial.of(a_rule(), a_past(121, 2, 0.2), "--start", T0, code=10)
    (course,) = found["past"]
    assert course["size"] == {"start": "10Gi", "end": "40Gi"}
    assert [one["summary"].rpartition("from ")[2] for one in course["actions"]] == [
        "10Gi to 20Gi",
        "20Gi to 40Gi",
    ]
    first = [one["to"] for one in course["transitions"]][:6]
    assert first == [
        "Normal",
        "Triggered",
        "ActiveActionsPending",
        "ActiveActionsInProgress",
        "ActiveActionsTaken",
        "Normal",
    ]
    # 5 Gi are used after 15 minutes; the condition has to hold for 30 s.
    assert course["transitions"][1]["at"] == T0 + 16 * MINUTE
    assert course["actions"][0]["at"] == T0 + 16 * MINUTE + 30
    assert course["transitions"][-1]["to"] == "ActionsDeclined"
    assert course["until"] is None


def test_approvals_are_taken_for_given_and_windows_are_kept(trial: Trial) -> None:
    window = {"enabled": True, "windows": [{"startTime": "23:00", "endTime": "23:30"}]}
    rule = a_rule(enforcement="approvalRequired", actionWindow=window)
    (found,) = trial.of(rule, a_past(121, 6, 0), "--start", T0, code=10)
    (course,) = found["past"]
    passed = [one["to"] for one in course["transitions"]]
    assert passed[:3] == ["Triggered", "ActionAwaitingApproval", "ActionAwaitingWindow"]
    (action,) = course["actions"]
    assert action["at"] == T0 + 46 * MINUTE + 40  # 22:13:20 and that is 23:00


ESTIMATES = [
    # The original's own table: claims of 5 GiB and 10 GiB of data, or as said.
    pytest.param(CAPACITY_GB, "Lt", 6, "10Gi", (5, 10), ("10Gi", 1), id="below 6 GB"),
    pytest.param(CAPACITY_GB, "Lt", 6, "5Gi", (5, 10), ("5Gi", 0), id="below 6 GB, at its most"),
    pytest.param(CAPACITY_GB, "Lt", 15, "12Gi", (5, 10), ("12Gi", 2), id="below 15 GB, up to 12"),
    pytest.param(CAPACITY_GB, "Lt", 15, "4Gi", (5, 10), ("5Gi", 0), id="above its most"),
    pytest.param(CAPACITY_GB, "Lt", 6, None, (5, 10), ("10Gi", 1), id="without an end"),
    pytest.param("usage", "Gt", 50, None, (10, 4), ("10Gi", 0), id="not half full"),
    pytest.param("usage", "Gt", 50, None, (10, 10), ("20Gi", 1), id="full"),
    pytest.param("usage", "Gt", 50, "12Gi", (10, 10), ("12Gi", 1), id="full, up to 12"),
]


@pytest.mark.parametrize(("key", "operator", "value", "most", "claim", "end"), ESTIMATES)
def test_claims_grow_as_the_original_estimates(
    trial: Trial,
    key: str,
    operator: str,
    value: int,
    most: str | None,
    claim: tuple[float, float],
    end: tuple[str, int],
) -> None:
    size, used = claim
    key = key.replace("usage", "100 * (px_volume_usage_bytes / px_volume_capacity_bytes)")
    expression = {"key": key, "operator": operator, "values": [str(value)]}
    params = {"scalepercentage": "100", **({"maxsize": most} if most else {})}
    rule = a_rule(
        conditions={"expressions": [expression]}, actions=[{"name": RESIZE, "params": params}]
    )
    labels = '{namespace="shop",pvc="a",volumename="pv-a"}'
    page = (
        f"px_volume_usage_bytes{labels} {used * GI}\npx_volume_capacity_bytes{labels} {size * GI}\n"
    )
    rules, data = trial.file("rule.yaml", rule), trial.file("metrics.txt", page)
    over = ("--start", "-1h", "-o", "json")
    (found,) = json.loads(trial.run(rules, "--data", data, *over).stdout)["rules"]
    (course,) = found["past"]
    assert (course["size"]["end"], len(course["actions"])) == end


def test_a_source_is_asked_for_what_expressions_are_made_of(trial: Trial) -> None:
    record, times = Record(), [T0 + at for at in range(0, 7200, 30)]
    labels = {"namespace": "shop", "persistentvolumeclaim": "a"}
    used = [(2 + at / 1200) * GI for at in range(0, 7200, 30)]
    record.add("kubelet_volume_stats_used_bytes", labels, times, used)
    record.add("kubelet_volume_stats_capacity_bytes", labels, times, [10 * GI] * len(times))
    with serving(record) as url:
        config = {"providers": [{"name": "main", "type": "prometheus", "params": f"url={url}"}]}
        settings = trial.file("config.yaml", config)
        over = ("--start", T0, "--end", T0 + 7100, "--step", "30s", "-o", "json")
        rule = trial.file("rule.yaml", a_rule())
        by_config = trial.run("-f", settings, rule, *over)
        by_source = trial.run("--source", url, rule, *over)
        alias = trial.run("-f", settings, rule, *over, command=())
    assert by_config.exit_code == by_source.exit_code == 10, by_source.output
    (course,) = json.loads(by_config.stdout)["rules"][0]["past"]
    assert course["size"] == {"start": "10Gi", "end": "20Gi"}
    assert json.loads(by_source.stdout) == json.loads(by_config.stdout)
    assert alias.exit_code == 2


def test_what_only_a_prometheus_computes_is_followed_up_to_the_first_growth(trial: Trial) -> None:
    promql = "max by (namespace, persistentvolumeclaim) (usage)"
    expression = {"key": promql, "operator": "Gt", "values": ["50"]}
    record, times = Record(), [T0 + at for at in range(0, 7200, 30)]
    labels = {"namespace": "shop", "persistentvolumeclaim": "a"}
    record.add(promql, labels, times, [60.0] * len(times))
    record.add("kubelet_volume_stats_capacity_bytes", labels, times, [10 * GI] * len(times))
    rule = trial.file("rule.yaml", a_rule(conditions={"expressions": [expression]}))
    with serving(record) as url:
        over = ("--start", T0, "--end", T0 + 7100, "-o", "json")
        done = trial.run("--source", url, rule, *over)
        text = trial.run("--source", url, rule, *over[:-2]).stdout
    (course,) = json.loads(done.stdout)["rules"][0]["past"]
    assert (len(course["actions"]), course["until"]) == (1, T0 + 30)
    assert "does not show how a larger volume would have filled" in text


def test_a_source_that_fails_is_no_answer(trial: Trial) -> None:
    rule = trial.file("rule.yaml", a_rule())
    with serving(Record(status=500, error="broken")) as url:
        done = trial.run("--source", url, rule)
    assert done.exit_code == 1
    assert "no answer: Source http://127.0.0.1" in done.stdout


def test_the_originals_command_is_understood(trial: Trial) -> None:
    rule, data = trial.file("policy.yaml", a_rule()), trial.file("page", a_page({"a": (6, 10)}))
    done = trial.run(rule, "--data", data, command=("policy", "test"))
    assert done.exit_code == 10
    config = trial.file("config.yaml", "providers: []\n")
    for flag in (["-f", str(config)], ["--config", str(config)], [f"--config={config}"]):
        none = trial.run(rule, command=(*flag, "policy", "test"))
        assert none.exit_code == 1
        assert "no source is named" in none.stdout


def test_a_storage_policy_of_2019_is_tried_as_the_rule_it_becomes(trial: Trial) -> None:
    policy = {
        "apiVersion": "autopilot.libopenstorage.org/v1alpha1",
        "kind": "StoragePolicy",
        "metadata": {"name": "volume-policy"},
        "spec": {
            "object": {"type": "openstorage.io.object/volume"},
            "conditions": [
                {
                    "key": "openstorage.io/condition.volume.usage_percentage",
                    "operator": "gt",
                    "values": ["50"],
                }
            ],
            "action": {"name": RESIZE},
        },
    }
    (found,) = trial.of(policy, a_page({"a": (6, 10)}), code=10)
    assert found["objects"][0]["would"][0]["summary"].endswith("from 10Gi to 12Gi")


def test_of_pods_that_only_metrics_name_it_says_what_is_not_known(trial: Trial) -> None:
    rule = a_rule(
        conditions={"expressions": [{"key": "errors", "operator": "Gt", "values": ["1"]}]},
        actions=[{"name": "kubervisor.k8s.io.action.pod/evict"}],
    )
    (found,) = trial.of(rule, 'errors{namespace="shop",pod="web-1"} 5\n', code=10)
    (pod,) = found["objects"]
    assert (pod["kind"], pod["name"]) == ("Pod", "web-1")
    assert (
        "what exactly depends on it: give --objects or --kubeconfig" in pod["would"][0]["summary"]
    )


def test_workloads_of_files_are_scaled_over_a_time(trial: Trial) -> None:
    web = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 2},
        "status": {"replicas": 2, "readyReplicas": 2},
    }
    rule = a_rule(
        objectKind="Deployment",
        conditions={"expressions": [{"key": "load", "operator": "Gt", "values": ["80"]}]},
        actions=[
            {"name": "kubervisor.k8s.io.action.workload/scale", "params": {"by": "+1", "max": "4"}}
        ],
    )
    page = 'load{namespace="shop",deployment="web"} 90\n'
    objects = trial.file("objects.yaml", web)
    (found,) = trial.of(rule, page, "--objects", objects, "--start", "-1h", code=10)
    (course,) = found["past"]
    assert len(course["actions"]) == 2
    assert course["transitions"][-1]["to"] == "ActionsDeclined"


UNREADABLE = [
    pytest.param({"kind": "PersistentVolumeClaim"}, "needs kind and metadata.name", id="no name"),
    pytest.param({**CLAIM, "spec": []}, "must be mappings", id="a spec that is a list"),
    pytest.param(
        {**CLAIM, "spec": {"resources": {"requests": {"storage": 10}}}},
        "PersistentVolumeClaim 'a' cannot be read",
        id="a size that is no text",
    ),
    pytest.param(
        {**CLAIM, "spec": {"resources": {"requests": {"storage": "ten"}}}},
        "'ten' is no quantity",
        id="a size that is none",
    ),
]


@pytest.mark.parametrize(("wrong", "why"), UNREADABLE)
def test_an_object_that_cannot_be_read_is_told(
    trial: Trial, wrong: dict[str, Any], why: str
) -> None:
    objects = trial.file("objects.yaml", wrong)
    rule, page = trial.file("rule.yaml", a_rule()), trial.file("page.txt", a_page({"a": (6, 10)}))
    done = trial.run(rule, "--data", page, "--objects", objects)
    assert (done.exit_code, why in done.output) == (1, True), done.output


def test_a_claim_that_is_not_bound_is_refused_as_on_a_cluster(trial: Trial) -> None:
    objects = trial.file("objects.yaml", {**CLAIM, "status": {"phase": "Pending"}})
    (found,) = trial.of(a_rule(), a_page({"a": (6, 10)}), "--objects", objects, code=0)
    assert found["objects"][0]["refused"]["reason"]


def test_a_volume_is_known_by_its_own_name_too(trial: Trial) -> None:
    bound = {**CLAIM, "spec": {**CLAIM["spec"], "volumeName": "pv-1"}}
    objects = trial.file("objects.yaml", bound)
    page = a_page({"a": (6, 10)}).replace(
        'namespace="shop",persistentvolumeclaim="a"', 'namespace="exporter",volumename="pv-1"'
    )
    (found,) = trial.of(a_rule(), page, "--objects", objects, code=10)
    assert found["objects"][0]["name"] == "a"
    (made,) = trial.of(a_rule(), page.replace('namespace="exporter",', ""), code=10)
    assert (made["objects"][0]["namespace"], made["objects"][0]["name"]) == ("default", "pv-1")


VOLUME = {
    "apiVersion": "v1",
    "kind": "PersistentVolume",
    "metadata": {"name": "pv-1", "uid": "pv-1"},
    "spec": {
        "csi": {"driver": "test.csi", "volumeHandle": "v1"},
        "claimRef": {"namespace": "shop", "name": "a", "uid": "uid-a"},
    },
}
SERVES = {**CLAIM, "metadata": {**CLAIM["metadata"], "uid": "uid-a"}}
SERVES["spec"] = {**CLAIM["spec"], "volumeName": "pv-1"}
SERVES["metadata"]["annotations"] = {"kubervisor.k8s.io/allowed-workloads": "StatefulSet/db"}


def a_pod(name: str) -> dict[str, Any]:
    """A pod of nobody that mounts the claim."""
    mounted = {"name": "data", "persistentVolumeClaim": {"claimName": "a"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"nodeName": "n1", "containers": [], "volumes": [mounted]},
        "status": {"phase": "Running"},
    }


def test_a_rule_about_access_names_who_has_no_right_to(trial: Trial) -> None:
    rule = trial.file("rule.yaml", a_rule(conditions={"type": "volumeAccess"}, actions=[]))
    objects = trial.file("objects.yaml", [SERVES, VOLUME, a_pod("intruder")])
    done = trial.run(rule, "--objects", objects, "-o", "json")
    assert done.exit_code == 0, done.output  # it only reports
    (claim,) = json.loads(done.stdout)["rules"][0]["objects"]
    assert (claim["name"], claim["holds"]) == ("a", True)
    assert "intruder" in claim["message"]
    evicting = a_rule(
        conditions={"type": "volumeAccess"},
        actions=[{"name": "kubervisor.k8s.io.action.pod/evict"}],
    )
    told = trial.run(trial.file("evict.yaml", evicting), "--objects", objects)
    assert (told.exit_code, "intruder" in told.stdout) == (10, True), told.output
    alone = trial.run(rule)
    assert (alone.exit_code, "give --objects or --kubeconfig" in alone.stdout) == (0, True)
