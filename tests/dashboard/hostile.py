"""Texts of others, as an attacker would write them."""

from __future__ import annotations

SCRIPT = '<script>window.owned=1</script><img src=x onerror="window.owned=2">'
REVERSED = "\u202egnp.exe\u2066 <b>\u05e9\u05dc\u05d5\u05dd</b>"
ENDLESS = "A" * 10_000
EVIDENCE = f"{SCRIPT} {REVERSED} {ENDLESS}"
