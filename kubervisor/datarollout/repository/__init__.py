"""Fetches data from where it is made, packs each version once, and serves it to pods."""
