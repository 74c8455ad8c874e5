"""A real Kubernetes, a workload and its metrics on this machine, for tests, demo and benchmarks."""
