"""`kubervisor workflow deploy` and `undeploy`: an operator onto a cluster, and away from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from kubervisor import __version__
from kubervisor.cli.documents import read_objects
from kubervisor.cli.workflow_project import config_text_in, project_in
from kubervisor.errors import KubervisorError, SpecError
from kubervisor.kube.client import connect
from kubervisor.workflow.deploying import applying, removing
from kubervisor.workflow.deploying.crd import is_of
from kubervisor.workflow.deploying.installed import Installed
from kubervisor.workflow.deploying.manifests import default_image, manifests
from kubervisor.workflow.deploying.render import as_yaml
from kubervisor.workflow.objects import Json
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.project.names import NAMESPACE

CRD_FILE = Path("deploy") / "crd.yaml"
_IMAGE = re.compile(r"[a-z0-9][\w./:@-]{0,1023}", re.ASCII)

kubeconfig_option = click.option(
    "--kubeconfig", help="Path of a kubeconfig; default: $KUBECONFIG, else ~/.kube/config."
)


def _namespace(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not NAMESPACE.fullmatch(value):
        raise click.BadParameter(f"{value!r:.80} cannot be the name of a namespace")
    return value


def _image(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _IMAGE.fullmatch(value):
        raise click.BadParameter(f"{value!r:.80} cannot be the name of an image")
    return value


in_namespace = click.option(
    "-n",
    "--namespace",
    callback=_namespace,
    help="Of the operator; default: its operatorName.",
)


@click.command()
@click.argument("image", required=False, callback=_image)
@in_namespace
@click.option(
    "--cluster-scoped/--namespaced",
    default=True,
    show_default=True,
    help="Look after all namespaces (or the watchNamespace), or after the operator's own.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be applied; ask no cluster.")
@kubeconfig_option
def deploy(
    image: str | None,
    namespace: str | None,
    cluster_scoped: bool,
    dry_run: bool,
    kubeconfig: str | None,
) -> None:
    """Apply the definition, the rights and the Deployment of the operator in this folder.

    IMAGE is what `build` built and the cluster can pull; default: OPERATORNAME:latest. What an
    earlier deployment there had and this one has not is removed. Exit code 0: all is applied; 1:
    not all, and why; where an object is somebody else's nothing is.
    """
    project = project_in(Path())
    name = project.operator_name
    namespace = namespace or name
    try:
        wanted = manifests(
            project,
            _definition(project),
            config_text_in(Path()),
            image=image or default_image(name),
            namespace=namespace,
            cluster_scoped=cluster_scoped,
        )
        if dry_run:
            click.echo(as_yaml(wanted), nl=False)
            return
        api = connect(kubeconfig, user_agent=f"kubervisor/{__version__}")
        applying.deploy(api, name, wanted, namespace=namespace, say=click.echo)
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@in_namespace
@click.option(
    "--delete-objects",
    is_flag=True,
    help="First delete the resources that it looks after, while it still can finish them.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed; remove nothing.")
@kubeconfig_option
def undeploy(
    namespace: str | None, delete_objects: bool, dry_run: bool, kubeconfig: str | None
) -> None:
    """Remove what `deploy` made, and nothing else.

    The definition stays while there are resources of it, or another operator for them: with it they
    would all be deleted. Namespaces stay. Exit code 0: removed, and what stays is said; 1: there
    was nothing, or it cannot be removed.
    """
    project = project_in(Path())
    namespace = namespace or project.operator_name
    try:
        api = connect(kubeconfig, user_agent=f"kubervisor/{__version__}")
        deployed, resources = removing.gather(api, project)
        removal = removing.plan(
            project, deployed, resources, namespace=namespace, delete_objects=delete_objects
        )
        if not removal.resources and not removal.objects:
            raise SpecError(_nothing(project, deployed, removal, namespace))
        if dry_run:
            _tell(project, removal)
        else:
            removing.remove(api, project, removal, click.echo)
    except KubervisorError as error:
        raise click.ClickException(str(error)) from error
    for said in removal.staying:
        click.echo(said)


def _nothing(
    project: Project,
    deployed: Sequence[Installed],
    removal: removing.Removal,
    namespace: str,
) -> str:
    others = sorted(applying.elsewhere(deployed, namespace))
    told = f"; it is in {', '.join(others)}" if others else ""
    said = f"{project.operator_name} is not deployed in namespace {namespace}{told}"
    return "\n".join([said, *removal.staying])


def _tell(project: Project, removal: removing.Removal) -> None:
    for resource in removal.resources:
        click.echo(f"{project.kind.lower()} {resource}: would be removed")
    for one in removal.objects:
        click.echo(f"{one.place}: would be removed")


def _definition(project: Project) -> Json:
    """The definition as it was generated: to deploy runs no code of the project.

    Raises SpecError where it is not there, or of another state of the project.
    """
    advice = "run `kubervisor workflow generate`"
    if not CRD_FILE.exists():
        raise SpecError(f"{CRD_FILE} is not there: {advice}")
    found: list[Any] = list(read_objects(CRD_FILE))
    if len(found) != 1 or not is_of(project, found[0]):
        raise SpecError(f"{CRD_FILE} is not what autopilot.yaml says by now: {advice}")
    crd: Json = found[0]
    return crd
