"""How well outliers are told from noise: our detectors and published rules on the same fleets."""
