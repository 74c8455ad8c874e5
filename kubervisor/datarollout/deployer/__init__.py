"""Brings a pod the versions of data that it is asked to have, and says how far it is."""
