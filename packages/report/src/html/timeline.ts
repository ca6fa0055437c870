import { formatDuration } from '@imago/core'

import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { BuildRecord, LeftResource } from '../run-record.ts'
import { statuses } from '../statuses.ts'
import { buildBars } from './bars.ts'
import { errorBox } from './error.ts'
import { logBox } from './log.ts'
import type { Page } from './page.ts'
import { percent } from './page.ts'
import { legend } from './legend.ts'
import { foldedRow } from './row.ts'
import { stepRow } from './step-row.ts'
import { tickDistance, ticks } from './ticks.ts'
import { transferList } from './transfers.ts'
import { shortText, statusWord } from './words.ts'

/** Every build and step over time, with what was said folded under each. */
export function timeline(page: Page): Markup {
  return markup`<section aria-labelledby="timeline" style="--tick: ${percent(tickDistance(page.length), page)}">
<h2 id="timeline">Timeline</h2>
<p class="legend" aria-hidden="true">${legend(page)}</p>
${page.record.builds.map((build) => buildSection(build, page))}</section>
`
}

function buildSection(build: BuildRecord, page: Page): Markup {
  const anchor = page.anchorOf(build)
  return markup`<section class="build" id="${anchor}" aria-labelledby="${anchor}-name">
<h3 id="${anchor}-name">${shortText(build.label)} <small>${build.builderType} · ${statusWord(build.status)}${build.status === 'not-run' ? undefined : ` in ${formatDuration(build.to - build.from)}`}</small></h3>
${axis(page)}<ol class="rows">
${buildRow(build, page)}${build.steps.map((step) => stepRow(step, page))}</ol>
</section>
`
}

function axis(page: Page): Markup {
  const marks = ticks(page.length).map(({ at, label }) => markup`<span style="left: ${percent(at, page)}">${label}</span>`)
  return markup`<div class="axis" aria-hidden="true"><div class="track">${marks}</div></div>
`
}

/** The build itself: when it waited and ran, and what the builder said between its steps. */
function buildRow(build: BuildRecord, page: Page): Markup {
  const waited = build.waited > 0 ? ` after waiting for ${formatDuration(build.waited)}` : ''
  return foldedRow({
    title: markup`<strong>whole build</strong>`,
    status: build.status,
    time: build.status === 'not-run' ? statuses[build.status].word : formatDuration(build.to - build.from),
    bars: buildBars(build, page),
    details: [
      build.status === 'not-run'
        ? undefined
        : markup`<p class="quiet">Began at ${formatDuration(build.from)}${waited}${reasonOf(build)}.</p>\n`,
      build.error === undefined ? undefined : errorBox(build.error),
      build.left.map(leftLine),
      transferList(build.transfers),
      logBox(build.log, `What the builder of ${build.label} said`),
    ],
  })
}

function reasonOf({ after }: BuildRecord): string {
  return after.length === 0 ? '' : `; it starts from ${after.join(', ')}`
}

function leftLine({ resource, why, error }: LeftResource): Markup {
  const because = error === undefined ? '' : `: ${error.message}`
  return markup`<p class="warning">${resource.kind} ${resource.name} was ${why}${because}</p>\n`
}
