"""150,000 pods against a stub of the API server and of Prometheus: memory, CPU, growth."""
