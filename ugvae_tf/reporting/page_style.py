"""The style of the report: light and dark, on a phone and on a wide screen. Nothing is loaded from elsewhere."""

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # a browser requests nothing for this page
STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --quiet: #5b6570; --ground: #ffffff; --panel: #f3f5f7;
  --line: #d5dae0; --link: #0b57a4; --better: #17653a; --worse: #a3262a; --open: #7a5200; --none: #5b6570; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --quiet: #a3adb7; --ground: #14171a; --panel: #1e2327;
  --line: #3a424a; --link: #82b7f5; --better: #6fd096; --worse: #f29093; --open: #e3b95c; --none: #a3adb7; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main, header, footer { max-width: 66rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .6rem; padding-top: 1.6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
section { margin-top: 2.2rem; }
p, ul { margin: .5rem 0; }
p, li, figcaption { max-width: 46rem; }
ul { padding-left: 1.2rem; }
a { color: var(--link); }
.quiet, figcaption { color: var(--quiet); font-size: .92rem; }
.trust { background: var(--panel); border-left: .25rem solid var(--open); padding: .7rem 1rem; max-width: none; }
.question { font-size: 1.08rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
td.number, th.number { text-align: right; padding-right: 0; font-variant-numeric: tabular-nums; white-space: nowrap; }
dl { display: grid; grid-template-columns: minmax(9rem, 15rem) 1fr; gap: .3rem 1.2rem; margin: .4rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.verdicts { list-style: none; padding: 0; }
.verdicts li { padding: .35rem 0 .35rem .8rem; border-left: .25rem solid currentColor; margin: .4rem 0; }
.verdicts span { color: var(--ink); display: block; }
.verdicts span::first-letter { text-transform: uppercase; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .8rem 0; }
.mark { font-weight: 600; }
.better { color: var(--better); } .worse { color: var(--worse); } .open, .few { color: var(--open); }
.none { color: var(--none); }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; padding: .8rem 1rem; 
  margin: .5rem 0; overflow-x: auto; font: .75rem/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
figure { margin: 1.2rem 0; }
figure img { display: block; max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line);
  border-radius: .4rem; padding: .4rem; }
@media (prefers-color-scheme: dark) { figure img { filter: brightness(.88); } }
figcaption { margin-top: .4rem; }
code { font: .92em ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
footer { margin-top: 3rem; padding-bottom: 2.5rem; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  h1 { font-size: 1.5rem; } pre { font-size: .7rem; padding: .6rem; } figure img { padding: .2rem; max-width: 36rem; } }
@media (min-width: 40rem) { .mark { white-space: nowrap; } }
@media print { pre { white-space: pre-wrap; } section { break-inside: avoid-page; } }
"""
