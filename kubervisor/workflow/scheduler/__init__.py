"""Which worker a resource is due, and what its status says afterwards: pure."""
