import { formatDuration } from '@imago/core'

import type { PathPart } from '../critical-path.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { Page } from './page.ts'
import { percent } from './page.ts'
import { shortText, titleOf } from './words.ts'

/** The builder's own work is told where it is at least such a share of the run. */
const leastShare = 0.01

/** What the run's length came from. */
export function criticalPathTable(page: Page): Markup | undefined {
  const parts = page.criticalPath.filter(({ what, from, to }) => what !== 'builder' || (to - from) / page.length >= leastShare)
  if (parts.length === 0) return undefined
  return markup`<section aria-labelledby="critical-path">
<h2 id="critical-path">Critical path</h2>
<p class="quiet">The run took as long as these one after another; everything else went on beside them.</p>
<table>
<thead><tr><th scope="col">Part</th><th scope="col" class="number">Time</th><th scope="col" class="number">Share</th></tr></thead>
<tbody>
${parts.map((part) => rowOf(part, page))}</tbody>
</table>
</section>
`
}

function rowOf(part: PathPart, page: Page): Markup {
  const length = part.to - part.from
  const share = (length * 100) / page.length
  return markup`<tr><th scope="row">${nameOf(part, page)} <small>${shortText(part.build.label)}</small></th><td class="number">${formatDuration(length)}</td><td class="number wide">${share < 0.5 ? '<1' : Math.round(share)}%<span class="size" style="width: ${percent(length, page)}"></span></td></tr>
`
}

function nameOf({ what, build }: PathPart, page: Page): Markup {
  switch (what) {
    case 'builder':
      return markup`<a href="#${page.anchorOf(build)}">the builder’s own work</a>`
    case 'wait':
      return markup`waiting for room to run`
    default:
      return markup`<a href="#${page.anchorOf(what)}">${titleOf(what.step)}</a>`
  }
}
