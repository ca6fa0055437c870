/** The page's style. It has no `<` and no `&`, so that the page is well-formed XML too. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --panel: #ffffff; --line: #d6d9dd; --ink: #1d2127; --quiet: #5b636e; --link: #0b5cad;
  --good: #17703f; --bad: #b9252b; --warning: #8a5300;
  --builder: #64748b; --provisioner: #0f7b8a; --post-processor: #7548c7; --error-cleanup: #b45309;
  --bar-bad: #d43b40; --bar-warning: #b97900; --critical: #1d2127;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #111418; --panel: #191d23; --line: #3a424d; --ink: #e7eaee; --quiet: #a2abb8; --link: #7ab8ff;
    --good: #56c789; --bad: #ff8a85; --warning: #e5ad4b;
    --builder: #8a99ae; --provisioner: #2fa7b8; --post-processor: #a685f0; --error-cleanup: #e08a3c;
    --bar-bad: #f0625f; --bar-warning: #d9a03a; --critical: #e7eaee;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
h1, h2, h3 { line-height: 1.25; margin: 0; }
h1 { font-size: 1.75rem; }
h1 .sign { display: inline-block; }
h2 { font-size: 1.25rem; margin-bottom: 0.5rem; }
h3 { font-size: 1rem; margin-bottom: 0.25rem; }
p, ul, ol, dl { margin: 0 0 0.5rem; }
small { font-size: 0.8125rem; font-weight: normal; color: var(--quiet); }
code, pre { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.8125rem; }
header { border-left: 0.375rem solid var(--quiet); padding-left: 0.75rem; margin-bottom: 1rem; }
header p { margin: 0.25rem 0 0; }
header.good { border-color: var(--good); } header.good .sign { color: var(--good); }
header.bad { border-color: var(--bad); } header.bad .sign { color: var(--bad); }
header.warning { border-color: var(--warning); } header.warning .sign { color: var(--warning); }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin-bottom: 1.5rem; }
main > section { margin-bottom: 2.5rem; }
footer { border-top: 1px solid var(--line); padding-top: 0.5rem; color: var(--quiet); font-size: 0.875rem; }
.quiet { color: var(--quiet); } .good { color: var(--good); } .bad { color: var(--bad); } .warning { color: var(--warning); }
header, header h1 { color: var(--ink); }
.sign { font-weight: bold; }
.text { white-space: pre-wrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.badge { display: inline-block; border: 1px solid var(--line); border-radius: 1rem; padding: 0 0.5rem; font-size: 0.75rem; color: var(--quiet); }
.title, .text, td, th, .log { unicode-bidi: isolate; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); gap: 0.5rem; margin-bottom: 1rem; }
.facts div { background: var(--panel); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.5rem 0.75rem; }
.facts dt { color: var(--quiet); font-size: 0.8125rem; }
.facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }

table { width: 100%; border-collapse: collapse; margin-bottom: 0.75rem; }
th, td { text-align: left; vertical-align: top; padding: 0.375rem 0.5rem; border-bottom: 1px solid var(--line); font-weight: normal; }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--quiet); font-size: 0.8125rem; }
th.number { text-align: right; }
td.file small { display: block; }
th.group { font-weight: 600; padding-top: 0.75rem; }
td.file { padding-left: 1rem; }
td.number { min-width: 5rem; }
td.wide { width: 30%; }
.size { display: block; height: 0.25rem; margin-left: auto; min-width: 1px; background: var(--provisioner); border-radius: 0.125rem; }

.error { border-left: 0.25rem solid var(--bad); padding: 0.25rem 0 0.25rem 0.75rem; margin-bottom: 0.5rem; }
.error p { margin: 0 0 0.25rem; }
.failure { background: var(--panel); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.75rem; margin-bottom: 0.75rem; }
.log { margin: 0.25rem 0 0.5rem; padding: 0.5rem 0.75rem; max-height: 32rem; overflow: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 0.375rem; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.4; }
.log .stderr { color: var(--bad); } .log .debug, .log .gap { color: var(--quiet); } .log .gap { font-style: italic; } .log .info { font-weight: 600; }

.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1rem; font-size: 0.8125rem; color: var(--quiet); }
.legend span { display: inline-flex; align-items: center; gap: 0.375rem; }
.legend .bar { position: static; width: 1.25rem; }
.build { margin: 1.25rem 0; }
.rows { list-style: none; padding: 0; margin: 0; border-top: 1px solid var(--line); }
.rows > li { border-bottom: 1px solid var(--line); break-inside: avoid-page; }
.rows > li:target { outline: 2px solid var(--link); outline-offset: 2px; }
summary, .axis { display: grid; grid-template-columns: 0.875rem 1.125rem minmax(0, 20rem) 4.5rem minmax(0, 1fr); gap: 0 0.5rem; align-items: center; }
summary { cursor: pointer; padding: 0.25rem 0; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; width: 0.4375rem; height: 0.4375rem; border: solid var(--quiet); border-width: 0 2px 2px 0; transform: rotate(-45deg); }
details[open] > summary::before { transform: rotate(45deg); }
summary:hover .title { text-decoration: underline; }
summary:focus-visible, .log:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
summary .sign { text-align: center; }
summary .time { text-align: right; color: var(--quiet); font-variant-numeric: tabular-nums; white-space: nowrap; font-size: 0.875rem; }
.inside { padding: 0.25rem 0 0.25rem 1.375rem; }
.inside ul, .inside ol { padding-left: 1.25rem; font-size: 0.875rem; }
.inside .quiet { font-size: 0.875rem; }

.track { position: relative; display: block; height: 1.25rem; background: repeating-linear-gradient(to right, var(--line) 0 1px, transparent 1px var(--tick)); }
.axis .track { height: 1.125rem; grid-column: 5; background: none; font-size: 0.75rem; color: var(--quiet); font-variant-numeric: tabular-nums; }
.axis .track span { position: absolute; bottom: 0; padding-left: 2px; }
.bar { position: absolute; top: 0.25rem; height: 0.75rem; min-width: 2px; border-radius: 2px; background: var(--builder); }
.bar.kind-provisioner { background: var(--provisioner); } .bar.kind-post-processor { background: var(--post-processor); } .bar.kind-error-cleanup { background: var(--error-cleanup); }
.bar.whole { top: 0.375rem; height: 0.5rem; background: none; border: 2px solid var(--builder); }
.bar.bar-failed, .bar.bar-unfinished { background: var(--bar-bad); border-color: var(--bar-bad); } .bar.bar-ignored { background: var(--bar-warning); }
.bar.bar-cancelled { background: repeating-linear-gradient(-45deg, var(--bar-warning) 0 3px, var(--panel) 3px 6px); border: 1px solid var(--bar-warning); }
.bar.bar-wait { background: repeating-linear-gradient(-45deg, var(--line) 0 2px, transparent 2px 5px); border: 1px solid var(--line); }
.bar.critical { box-shadow: 0 3px 0 -1px var(--critical); }
.legend .bar { top: auto; }

.graph { list-style: none; padding: 0; margin: 0; }
.graph li { position: relative; padding-bottom: 0.75rem; }
.graph p { margin: 0; padding: 0.25rem 0 0 0.5rem; }
.lanes { position: absolute; left: 0; top: 0; height: 100%; stroke: var(--quiet); stroke-width: 2; fill: var(--paper); }
.chip { display: inline-block; border: 1px solid var(--line); border-radius: 0.25rem; padding: 0 0.375rem; font-size: 0.8125rem; background: var(--panel); }
.chip.made { border-color: var(--provisioner); color: var(--provisioner); font-weight: 600; } .chip.missing { border-style: dashed; font-weight: normal; }

@media (max-width: 40rem) {
  body { padding: 0.75rem; }
  h1 { font-size: 1.375rem; }
  summary { grid-template-columns: 0.75rem 1rem minmax(0, 1fr) auto; }
  summary .track { grid-column: 1 / -1; }
  .axis { grid-template-columns: minmax(0, 1fr); } .axis .track { grid-column: 1; }
  .inside { padding-left: 0.25rem; }
  th, td { padding: 0.375rem 0.25rem; }
  td.number { min-width: 0; }
  th small, td small { display: block; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --panel: #fff; --line: #ccc; --ink: #000; --quiet: #444; --link: #000; --good: #17703f; --bad: #b9252b; --warning: #8a5300; --builder: #64748b; --provisioner: #0f7b8a; --post-processor: #7548c7; --error-cleanup: #b45309; --bar-bad: #d43b40; --bar-warning: #b97900; --critical: #000; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 0.8125rem; }
  nav { display: none; }
  .log { max-height: none; overflow: visible; }
  h2, h3, .legend, .axis { break-after: avoid; }
  .failure, .graph li, tr { break-inside: avoid; }
  summary::before { visibility: hidden; }
}
`
