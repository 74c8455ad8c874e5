"""KubervisorService kubervisor.k8s.io/v1alpha1: the names, and the whole object."""

from __future__ import annotations

from pydantic import Field

from kubervisor.api.fields import ApiModel
from kubervisor.api.spec import KubervisorServiceSpec
from kubervisor.api.status import KubervisorServiceStatus

KIND = "KubervisorService"
PLURAL = "kubervisorservices"
SINGULAR = "kubervisorservice"
SHORT_NAMES = ("kvs",)


class KubervisorService(ApiModel):
    """Guards one Service: takes outliers among its pods out of traffic and brings them back."""

    spec: KubervisorServiceSpec = Field(
        description="Which Service to guard, what makes a pod an outlier, and how pods come back."
    )
    status: KubervisorServiceStatus | None = Field(
        default=None, description="What the controller reports; nobody else writes it."
    )
