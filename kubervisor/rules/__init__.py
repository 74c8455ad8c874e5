"""Remediation rules: conditions on metrics, and what is done where they hold."""
