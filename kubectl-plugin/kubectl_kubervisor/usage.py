"""`help`: every command with its flags and an example."""

from __future__ import annotations

from kubectl_kubervisor.cli import COMMANDS
from kubectl_kubervisor.errors import DONE, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.say import say

GENERAL = """\
See and steer Kubervisor, which takes outlier pods out of traffic.

  kubectl kubervisor [status [NAME]]   how KubervisorServices stand; 1 where NAME is not Ready
  kubectl kubervisor pods NAME         its pods, and how each stands with traffic
  kubectl kubervisor explain POD       the last decision on a pod, why or why not, what came before

  kubectl kubervisor enable SERVICE    let the Service select on kubervisor/traffic, if that is safe
  kubectl kubervisor disable SERVICE   take that back: every pod gets traffic
  kubectl kubervisor pause NAME        write nothing to its pods; times out of traffic stand still
  kubectl kubervisor resume NAME       go on
  kubectl kubervisor eject POD         take a pod out of traffic, if the budget has room
  kubectl kubervisor return POD        give a pod its traffic back
  kubectl kubervisor stop --all        no controller writes anything any more
  kubectl kubervisor start --all       they do again

  kubectl kubervisor data              how new versions of data go out to pods; `help data`: more
  kubectl kubervisor data pods         who was asked to have which version, and who has it

  kubectl kubervisor rules             how remediation rules stand; `help rules`: more
  kubectl kubervisor rules objects     where each stands about each object
  kubectl kubervisor approvals         what rules ask for
  kubectl kubervisor approve NAME      let a rule do what it asks for
  kubectl kubervisor decline NAME      do not

  kubectl kubervisor workflows [NAME]  in which phases workflows are, and how they came there

  kubectl kubervisor dashboard         the leader's dashboard, on this machine until Ctrl-C
  kubectl kubervisor check             is everything there, running, and as it should be
  kubectl kubervisor version, help

NAME is a KubervisorService. Flags come after `kubervisor`:
  -n, --namespace NS   --context NAME   --kubeconfig FILE   --request-timeout D   --as USER
  -h, --help           of a command: its own flags and examples

Exit code 0: done, or so; 1: refused, failed, or not so; 2: wrong usage; 130: interrupted."""

TEXTS = {
    "status": """\
kubectl kubervisor status [NAME]

Without NAME, a table of KubervisorServices. With NAME, all about one and the last things done to
its pods; exit code 1 where it is not Ready.

  -A, --all-namespaces   of all namespaces
  -l, --selector S       only those whose labels match
  -o, --output FORM      table, wide, json, yaml, name
      --no-headers
  -w, --watch            a line for each change
      --timeout D        with --watch: end with 0 as soon as all are Ready, with 1 after this time
  -k, --ks NAME          the same as NAME

  kubectl kubervisor -A
  kubectl kubervisor status shop -n web
  kubectl kubervisor status shop --watch --timeout 60s""",
    "pods": """\
kubectl kubervisor pods NAME

The members of a KubervisorService, those out of traffic first. TRAFFIC is one of serving, ejected
(by a breaker), held (by hand), paused, not ready, unlabelled, deleting. HEALTH is the worst that
their watchdogs say.

  -l, --selector S       only those whose labels match
  -o, --output FORM      table, wide (with node, watchdogs and evidence), json, yaml, name
      --no-headers
  -w, --watch            a line for each change

  kubectl kubervisor pods shop -o wide
  kubectl kubervisor pods shop --watch
  kubectl kubervisor pods shop -l kubervisor/traffic=no -o name""",
    "explain": """\
kubectl kubervisor explain POD

Where a pod stands and why: for one that is out, the value, its peers, the threshold and the budget
of that moment; for one in traffic, what kept it there; what its watchdogs say; and what happened to
it before.

  kubectl kubervisor explain shop-7d9f4-x2x""",
    "enable": """\
kubectl kubervisor enable SERVICE

Adds kubervisor/traffic: "yes" to the Service's selector. Refuses while a pod could be lost by it:
every pod must carry the label, every workload's pod template too (or the admission policy that adds
it is bound), and no workload's selector may contain it. Prints a PodDisruptionBudget that counts
serving pods.

      --dry-run          ask the API server, change nothing

  kubectl kubervisor enable shop --dry-run""",
    "disable": """\
kubectl kubervisor disable SERVICE

Takes kubervisor/traffic out of the Service's selector: every pod gets traffic, nothing is ejected.

      --dry-run          ask the API server, change nothing""",
    "pause": """\
kubectl kubervisor pause NAME

Nothing is written to the pods of a KubervisorService until `resume`; times out of traffic stand
still, and pods that are out stay out.

      --dry-run          ask the API server, change nothing""",
    "resume": """\
kubectl kubervisor resume NAME

Ends `pause`: times out of traffic go on with what was left of them.

      --dry-run          ask the API server, change nothing""",
    "eject": """\
kubectl kubervisor eject POD

Asks the controller to take a pod out of traffic, and waits for its answer. The floor of the
strictest breaker and the budget hold; that breaker's activator returns the pod. Exit code 1, with
the budget's words, where it is refused. It needs the right to patch pods, as `return` does.

      --timeout D        how long to wait for an answer; default 30s
      --dry-run          only say how the budget stands

  kubectl kubervisor eject shop-7d9f4-x2x""",
    "return": """\
kubectl kubervisor return POD

Gives a pod its traffic back at once: one that was ejected, paused, or held by hand.

      --dry-run          ask the API server, change nothing

  kubectl kubervisor return shop-7d9f4-x2x""",
    "stop": """\
kubectl kubervisor stop --all

Tells every controller, by a word on its Lease, to write nothing until `start --all`. Pods that are
out stay out. With -n only the Leases of that namespace are looked for.

      --dry-run          ask the API server, change nothing""",
    "start": """\
kubectl kubervisor start --all

Ends `stop --all`, and what `kubervisor release` announced.

      --dry-run          ask the API server, change nothing""",
    "data": """\
kubectl kubervisor data [status [SOURCE]]

How new versions of a source's data go out to the pods of a namespace: the last known good version,
the candidate, its stage, how many of the pods that the stage needs have proven it, and what was
taken back. With SOURCE, all about one; exit code 1 where it is not Ready.

kubectl kubervisor data pods [SOURCE]

Each pod that uses data: what it was asked to have, what its deployer says it has and since when,
and whether it fails. FAILING names the watchdog in error, or says that it is out of traffic.

  -A, --all-namespaces   of all namespaces
  -l, --selector S       only DataRollouts, or pods, whose labels match
  -o, --output FORM      status: table, wide, json, yaml, name; pods: table, wide, json
      --no-headers
  -w, --watch            a line for each change

kubectl kubervisor data explain SOURCE          why it stands where it does, what would change that
kubectl kubervisor data pause SOURCE            nothing goes further; what fails is still taken back
kubectl kubervisor data resume SOURCE           go on
kubectl kubervisor data pin SOURCE VERSION      this version is to be out, in stages, also if older
kubectl kubervisor data unpin SOURCE            the newest again

VERSION is its name, its digest, or the beginning of either, at least 6 characters. They change the
spec of a DataRollout, which the controller makes once a pod uses the source.

      --dry-run          ask the API server, change nothing

  kubectl kubervisor data -A
  kubectl kubervisor data pods prices -o wide
  kubectl kubervisor data pin prices 6740a1b2-01234567""",
    "rules": """\
kubectl kubervisor rules [status [RULE]]

How remediation rules stand: whether they can be followed, of how many objects their condition
holds, on how many they act. With RULE, all about one; exit code 1 where it is not Ready.

kubectl kubervisor rules objects [RULE]

Where each rule stands about each object that it selects: state, reason, and the values it saw.

kubectl kubervisor rules explain OBJECT

For each rule about an object (a claim, a pod, a workload): why it stands where it does, what it
would do, what it waits for, and what was before.

  -A, --all-namespaces   objects: of all namespaces
  -l, --selector S       only those whose labels match
  -o, --output FORM      table, wide, json, yaml, name
      --no-headers
  -w, --watch            a line for each change

  kubectl kubervisor rules
  kubectl kubervisor rules objects volume-resize -A
  kubectl kubervisor rules explain data-postgres-0 -n db""",
    "approvals": """\
kubectl kubervisor approvals

What rules ask for, those that wait for an answer first: the rule that asks, what it would do, and
how long it can still be answered.

  -A, --all-namespaces   of all namespaces
  -l, --selector S       only those whose labels match
  -o, --output FORM      table, wide, json, yaml, name
      --no-headers
  -w, --watch            a line for each change

  kubectl kubervisor approvals -A""",
    "approve": """\
kubectl kubervisor approve NAME

Shows what a rule asks for, from what to what and which objects are involved, and approves just
that: where it has changed since it was shown, nothing is approved. You need to get and patch
actionapprovals.

      --dry-run          show it and ask the API server, change nothing

  kubectl kubervisor approve volume-resize-data-postgres-0 -n db""",
    "decline": """\
kubectl kubervisor decline NAME

Shows what a rule asks for and declines it. The rule leaves the object alone until the approval is
deleted; then it asks anew.

      --dry-run          show it and ask the API server, change nothing

  kubectl kubervisor decline volume-resize-data-postgres-0 -n db""",
    "workflows": """\
kubectl kubervisor workflows [NAME]

The objects of every kind that a workflow's operator looks after: the phase of each, since when, and
which phases may follow. With NAME, all about one, and the phases that it went through; exit code 1
where it is not Ready. NAME is the object's, or KIND/NAME or TYPE/NAME where several have it. Kinds
are found by their CustomResourceDefinitions, which you need to list; of TYPE/NAME you need not.

  -A, --all-namespaces   of all namespaces
  -l, --selector S       only those whose labels match
  -o, --output FORM      table, wide, json, yaml, name
      --no-headers
  -w, --watch            a line for each change

  kubectl kubervisor workflows -A
  kubectl kubervisor workflows canarydeployment/shop -n web
  kubectl kubervisor workflows shop --watch""",
    "dashboard": """\
kubectl kubervisor dashboard [LEASE]

Forwards a port of this machine to the dashboard of the controller that leads, prints the address,
and goes on until Ctrl-C, also when another controller takes over. LEASE says which one where there
are several. You need to list Leases, get pods and create pods/portforward in its namespace.

      --port PORT        of this machine; default 8087, 0 for any that is free

  kubectl kubervisor dashboard
  kubectl kubervisor dashboard -n kubervisor --port 9000""",
    "check": """\
kubectl kubervisor check

Looks at the server, the CRD, the controllers, the admission policies, the Services and workloads,
the KubervisorServices and your rights; says what to do about what it finds. Exit code 1 where
something is wrong; what is only worth knowing is marked and does not count.

  -A, --all-namespaces   of all namespaces
  -o, --output FORM      table, json""",
}


def run(line: Line) -> int:
    """Print the help of a command, or the general one."""
    name = line.words[1] if len(line.words) > 1 else ""
    if name and name not in COMMANDS:
        raise UsageError(f'unknown command "{name}"')
    say(TEXTS.get(name, GENERAL))
    return DONE
