"""Figures of the controller on a real cluster, beside the floor measured in the same run."""
