"""The edge to the API server: everything that reads from or writes to Kubernetes."""
