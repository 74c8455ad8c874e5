"""What an AutoRoute selects, and what it has made routes for."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Selector(_Model):
    """Which Deployments of the namespace; without labels all of them."""

    match_labels: dict[str, str] = Field(
        default_factory=dict,
        description="Labels that a Deployment has, all of them.",
    )


class AutoRouteSpec(_Model):
    """Deployments that can be reached from outside."""

    deployment_selector: Selector = Field(
        default_factory=Selector,
        description="Which Deployments of the namespace have routes.",
    )


class AutoRouteStatus(_Model):
    """What there are routes for."""

    synced_deployments: list[str] = Field(
        default_factory=list,
        description="Names of the Deployments that have routes.",
    )
