import { headline } from '../headline.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { Ending, RunRecord } from '../run-record.ts'
import { statuses } from '../statuses.ts'
import { artifactTable } from './artifacts.ts'
import { criticalPathTable } from './critical-path.ts'
import { failureList } from './failures.ts'
import { imageGraph } from './image-graph.ts'
import { pageOf } from './page.ts'
import { removedTable } from './removed.ts'
import { style } from './style.ts'
import { summary } from './summary.ts'
import { timeline } from './timeline.ts'
import { transferTable } from './transfers.ts'

/**
 * A run as one HTML page that needs nothing else: no script, no font, no style from elsewhere. It folds with `<details>`, reads on a phone
 * and on paper, and follows the reader's choice of light or dark. It is well-formed XML too.
 */
export function htmlReport(record: RunRecord): string {
  const page = pageOf(record)
  const title = headline(record.builds.map(({ status }) => status))
  const sections = [
    { id: 'summary', name: 'Summary', content: summary(page) },
    { id: 'failures', name: 'What failed', content: failureList(page) },
    { id: 'timeline', name: 'Timeline', content: timeline(page) },
    { id: 'critical-path', name: 'Critical path', content: criticalPathTable(page) },
    { id: 'images', name: 'Images', content: imageGraph(page) },
    { id: 'artifacts', name: 'Artifacts', content: artifactTable(page) },
    { id: 'removed', name: 'Removed', content: removedTable(page) },
    { id: 'transfers', name: 'Transfers', content: transferTable(page) },
  ].filter(({ content }) => content !== undefined)
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>Imago: ${title}</title>
<link rel="icon" href="${icon(record.status)}"/>
<style>${{ markup: style }}</style>
</head>
<body>
${header(record, title)}<nav aria-label="Contents">
${sections.map(({ id, name }) => markup`<a href="#${id}">${name}</a>\n`)}</nav>
<main>
${sections.map(({ content }) => content)}</main>
<footer><p>Written by Imago. The logs of steps are folded; what is folded is not printed.</p></footer>
</body>
</html>
`.markup
}

function header({ runId, startedAt, status }: RunRecord, title: string): Markup {
  const day = startedAt.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')
  return markup`<header class="${statuses[status].tone}">
<h1><span class="sign" aria-hidden="true">${statuses[status].sign}</span> ${title}</h1>
<p class="quiet">Run <code>${runId}</code> of <time datetime="${startedAt}">${day}</time></p>
</header>
`
}

const iconColors = { good: '#1a7f4b', bad: '#c62a2f', warning: '#b26a00', quiet: '#6b7280' } as const

/** A dot in the colour of how the run ended, so that it can be told from its tab. */
function icon(status: Ending): string {
  const color = iconColors[statuses[status].tone]
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${color}"/></svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
