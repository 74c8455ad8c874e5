"""Brings an operator onto a cluster, and away from it: its definition, its rights, its pod."""
