"""Which pods are asked for which version, and when it goes further or back: pure."""
