import { formatDuration } from '@imago/core'

import { artifactSize } from '../artifact-names.ts'
import { formatSize } from '../format-size.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { BuildRecord, LeftResource, RunRecord } from '../run-record.ts'
import type { Page } from './page.ts'
import { shortText, statusWord } from './words.ts'

/** How the run went in numbers, and each build in a line. */
export function summary(page: Page): Markup {
  const { record } = page
  return markup`<section aria-labelledby="summary">
<h2 id="summary">Summary</h2>
<dl class="facts">
${factsOf(record).map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>
<table>
<thead><tr><th scope="col">Build</th><th scope="col">Result</th><th scope="col" class="number">Waited</th><th scope="col" class="number">Time</th></tr></thead>
<tbody>
${record.builds.map((build) => rowOf(build, page))}</tbody>
</table>
${leftBox(record.builds.flatMap(({ left }) => left))}</section>
`
}

function factsOf({ builds, durationMs }: RunRecord): [string, string][] {
  const steps = builds.flatMap((build) => build.steps)
  const run = steps.filter(({ status }) => status !== 'not-run').length
  const transferred = sum([...builds, ...steps].flatMap(({ transfers }) => transfers.map(({ bytes }) => bytes)))
  return [
    ['Time', formatDuration(durationMs)],
    ['Builds', String(builds.length)],
    ['Steps', run === steps.length ? String(run) : `${run} of ${steps.length}`],
    ['Transferred', formatSize(transferred)],
    ['Artifacts', formatSize(sum(builds.map(sizeOf)))],
  ]
}

/** All that a build left; a file that several artifacts consist of counts once. */
function sizeOf({ artifacts }: BuildRecord): number {
  const files = new Map(artifacts.flatMap((artifact) => (artifact.files ?? []).map(({ path, size }) => [path, size] as const)))
  const others = artifacts.filter((artifact) => (artifact.files ?? []).length === 0).map((artifact) => artifactSize(artifact) ?? 0)
  return sum([...files.values(), ...others])
}

function rowOf(build: BuildRecord, page: Page): Markup {
  const hasRun = build.status !== 'not-run'
  return markup`<tr><th scope="row"><a href="#${page.anchorOf(build)}">${shortText(build.label)}</a> <small>${build.builderType}</small></th><td>${statusWord(build.status)}</td><td class="number">${hasRun && build.waited > 0 ? formatDuration(build.waited) : '–'}</td><td class="number">${hasRun ? formatDuration(build.to - build.from) : '–'}</td></tr>
`
}

function leftBox(left: readonly LeftResource[]): Markup | undefined {
  if (left.length === 0) return undefined
  return markup`<div class="error">
<p><strong>This was left behind</strong>; <code>imago sweep</code> removes what builds have left.</p>
<ul>
${left.map(({ resource, why }) => markup`<li>${resource.kind} <code>${shortText(resource.name)}</code>, ${why}</li>\n`)}</ul>
</div>
`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
