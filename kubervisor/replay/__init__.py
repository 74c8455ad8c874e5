"""The decisions of `run` in virtual time: over the past (`backtest`) or a simulated fleet."""
