import type { Failure } from '../failures.ts'
import { failuresOf } from '../failures.ts'
import { lastLines } from '../log.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import { errorBox } from './error.ts'
import type { Page } from './page.ts'
import { shortText, titleOf } from './words.ts'

/** Of what failed so many are told here, */
const mostFailures = 20
/** each with the end of what it said. */
const tail = { lines: 12, characters: 2000 }

/** What failed, why, and what it said last. */
export function failureList(page: Page): Markup | undefined {
  const failures = failuresOf(page.record)
  if (failures.length === 0) return undefined
  const missing = failures.length - mostFailures
  return markup`<section aria-labelledby="failures">
<h2 id="failures">What failed</h2>
${failures.slice(0, mostFailures).map((failure) => failureBox(failure, page))}${missing > 0 ? markup`<p>And ${missing} more; the timeline has them all.</p>\n` : undefined}</section>
`
}

function failureBox({ build, step, error }: Failure, page: Page): Markup {
  const lines = lastLines(step?.log ?? build.log, tail)
  const title = step === undefined ? shortText(build.label) : `${shortText(build.label)}: ${titleOf(step.step)}`
  return markup`<article class="failure">
<h3><a href="#${page.anchorOf(step ?? build)}">${title}</a></h3>
${errorBox(error)}${lines.length === 0 ? undefined : markup`<pre class="log" tabindex="0" role="group" aria-label="${`The end of what ${title} said`}">${lines.map((line) => `${line}\n`)}</pre>\n`}</article>
`
}
