"""Runs an operator: reads what its phases name, calls their workers, writes what these say."""
