import { chainPlace } from '../chain-place.ts'
import type { GraphRow } from '../lanes.ts'
import { graphRows } from '../lanes.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { BuildRecord } from '../run-record.ts'
import type { Page } from './page.ts'
import { shortText, statusSign } from './words.ts'

const laneWidth = 20
/** Where a build's dot is, from the top of its row. */
const dotAt = 18

/** The builds in the order in which they depend on each other, with lines from those that others start from. */
export function imageGraph(page: Page): Markup {
  const rows = graphRows(page.record.builds)
  const width = laneWidth * Math.max(1, ...rows.map(({ lane, from, past }) => Math.max(lane, ...from, ...past) + 1))
  return markup`<section aria-labelledby="images">
<h2 id="images">Images</h2>
<ol class="graph">
${rows.map((row) => rowOf(row, width, page))}</ol>
</section>
`
}

function rowOf(row: GraphRow, width: number, page: Page): Markup {
  const { build } = row
  const bases = build.after.length === 0 ? undefined : markup` <span class="quiet">from ${build.after.join(', ')}</span>`
  return markup`<li style="padding-left: ${width}px">${lines(row, width)}
<p>${statusSign(build.status)} <a href="#${page.anchorOf(build)}"><strong>${shortText(`${build.image}.${build.build}`)}</strong></a> <span class="quiet">${build.builderType}</span>${bases}</p>
${flowsOf(build)}</li>
`
}

function lines({ lane, from, past, goesOn }: GraphRow, width: number): Markup {
  return markup`<svg class="lanes" width="${width}" aria-hidden="true">${[
    past.map((other) => markup`<line x1="${x(other)}" y1="0" x2="${x(other)}" y2="100%"/>`),
    from.map((other) => markup`<line x1="${x(other)}" y1="0" x2="${x(lane)}" y2="${dotAt}"/>`),
    goesOn ? markup`<line x1="${x(lane)}" y1="${dotAt}" x2="${x(lane)}" y2="100%"/>` : undefined,
  ]}<circle cx="${x(lane)}" cy="${dotAt}" r="5"/></svg>`
}

/** Where the middle of a lane is. */
function x(lane: number): number {
  return lane * laneWidth + laneWidth / 2
}

/** The types of the steps that lead to what is made, and a line for each chain that goes on from it. */
function flowsOf({ makes, steps, status }: BuildRecord): Markup[] {
  const chains = new Map<number, string[]>()
  for (const { step } of steps) {
    const chain = chainPlace(step)?.chain
    if (chain !== undefined) chains.set(chain, [...(chains.get(chain) ?? []), step.type])
  }
  const provisioners = collapse(steps.filter(({ step }) => step.kind === 'provisioner').map(({ step }) => step.type))
  const made = makes === undefined ? [] : [markup`<span class="chip made${status === 'succeeded' ? '' : ' missing'}">${makes}</span>`]
  const main = [...provisioners.map(chip), ...made]
  return [...(main.length === 0 ? [] : [flow('', main)]), ...[...chains.values()].map((names) => flow('then ', names.map(chip)))]
}

function flow(word: string, chips: readonly Markup[]): Markup {
  return markup`<p class="flow"><span class="quiet">${word}</span>${chips.map((one, index) => (index === 0 ? one : markup` <span class="quiet">→</span> ${one}`))}</p>
`
}

function chip(name: string): Markup {
  return markup`<span class="chip">${name}</span>`
}

/** The names, with how often each comes one after another: `shell ×3`. */
function collapse(names: readonly string[]): string[] {
  const runs: { readonly name: string; times: number }[] = []
  for (const name of names) {
    const last = runs.at(-1)
    if (last?.name === name) last.times++
    else runs.push({ name, times: 1 })
  }
  return runs.map(({ name, times }) => (times === 1 ? name : `${name} ×${times}`))
}
