"""Kubervisor: a traffic breaker for Kubernetes."""

__version__ = "0.1.0"
