"""Watchdogs: what applications say of themselves, probed by annotation; eviction within limits."""
