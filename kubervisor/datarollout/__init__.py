"""Data for pods that run: new versions in stages, a last known good one, and a way back."""
