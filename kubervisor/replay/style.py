"""The style of the backtest's page: for phones too, and for whoever reads in the dark."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c2024; --faint: #5f6b76; --rule: #dde2e7; --band: #c9d1d9;
  --panic: #f6c6c6; --bad: #b42318; --good: #12703c;
  --pod0: #c2410c; --pod1: #1d4ed8; --pod2: #7e22ce; --pod3: #0f766e;
  --pod4: #be185d; --pod5: #a16207; --pod6: #0369a1; --pod7: #4d7c0f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --ink: #e6e9ec; --faint: #9aa5b1; --rule: #2c3339; --band: #414b55;
    --panic: #5c2323; --bad: #ff9387; --good: #6fd39b;
    --pod0: #fb923c; --pod1: #7aa2ff; --pod2: #c99bff; --pod3: #4fd1c0;
    --pod4: #ff8fc0; --pod5: #eac54f; --pod6: #67c3f3; --pod7: #a8d65c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; margin: 0.5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
p, li { max-width: 75ch; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.5rem; }
.tiles div { border: 1px solid var(--rule); border-radius: 0.5rem; padding: 0.5rem 0.75rem; }
dt { color: var(--faint); font-size: 0.85rem; }
dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
figure { margin: 0; }
figure > svg { display: block; width: 100%; height: auto; }
.tick { fill: var(--faint); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--rule); }
.band { fill: var(--band); background: var(--band); }
.panic { fill: var(--panic); background: var(--panic); }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.mark { fill: none; stroke-width: 1.8; }
.mark.ejected { stroke: none; }
.other { stroke: var(--faint); } .ejected.other { fill: var(--faint); }
.symbol { width: 0.9rem; height: 0.8rem; vertical-align: -0.1rem; margin-right: 0.35rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding: 0; margin: 0.25rem 0 0; }
.legend { list-style: none; font-size: 0.85rem; }
.swatch {
  display: inline-block; width: 0.9rem; height: 0.9rem; border-radius: 0.2rem;
  margin-right: 0.35rem; vertical-align: -0.1rem;
}
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; width: 100%; }
th, td {
  text-align: left; padding: 0.3rem 0.9rem 0.3rem 0; border-bottom: 1px solid var(--rule);
  vertical-align: top; min-width: 3.5rem; overflow-wrap: normal;
}
th { color: var(--faint); font-weight: 500; }
td.number { font-variant-numeric: tabular-nums; }
.timeline { list-style: none; padding: 0; font-size: 0.9rem; }
.timeline li {
  display: grid; grid-template-columns: 12.5rem 6rem 1fr; gap: 0 0.75rem; max-width: none;
  padding: 0.4rem 0; border-bottom: 1px solid var(--rule);
}
.timeline time { color: var(--faint); font-variant-numeric: tabular-nums; }
.timeline .why { grid-column: 1 / -1; color: var(--faint); }
strong.ejected, strong.terminated, strong.paused, strong.panic {
  color: var(--bad); fill: none; background: none;
}
strong.returned { color: var(--good); }
@media (max-width: 40rem) {
  .tick { font-size: 22px; }
  .timeline li { grid-template-columns: 1fr auto; }
  .timeline .pod { grid-column: 1 / -1; }
}
""" + "".join(
    f".line.pod{n}, .mark.pod{n} {{ stroke: var(--pod{n}); }}\n"
    f".ejected.pod{n} {{ fill: var(--pod{n}); }}\n"
    f".swatch.pod{n} {{ background: var(--pod{n}); }}\n"
    for n in range(8)
)
