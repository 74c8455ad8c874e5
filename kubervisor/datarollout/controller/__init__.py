"""Carries the decision out: reads pods and DataRollouts, stores states, asks pods for versions."""
