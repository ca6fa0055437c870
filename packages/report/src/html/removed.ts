import type { Artifact } from '@imago/core'

import { artifactNames } from '../artifact-names.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { BuildRecord } from '../run-record.ts'
import type { Page } from './page.ts'
import { count, shortText } from './words.ts'

/** A build is shown with so many removed artifacts at most. */
const mostRemoved = 50

/** What earlier runs had made, and this one removed. */
export function removedTable({ record }: Page): Markup | undefined {
  const builds = record.builds.filter(({ removed }) => removed.length > 0)
  if (builds.length === 0) return undefined
  return markup`<section aria-labelledby="removed">
<h2 id="removed">Removed</h2>
<p class="quiet">Of earlier runs, as <code>retain</code> says.</p>
<table class="artifacts">
${builds.map(groupOf)}</table>
</section>
`
}

function groupOf({ label, removed }: BuildRecord): Markup {
  const missing = removed.length - mostRemoved
  return markup`<tbody>
<tr><th scope="rowgroup" class="group">${shortText(label)}</th></tr>
${removed.slice(0, mostRemoved).map(rowOf)}${missing > 0 ? markup`<tr><td class="file quiet">and ${count(missing, 'more artifact')}</td></tr>\n` : undefined}</tbody>
`
}

function rowOf(artifact: Artifact): Markup {
  const { type, id, files = [] } = artifact
  const what = files.length === 0 ? [id] : files.slice(0, mostRemoved).map(({ path }) => path)
  const names = artifactNames(artifact).map((name) => markup` <span class="badge">${shortText(name)}</span>`)
  return markup`<tr><td>${type} ${what.map((each) => markup`<code>${shortText(each)}</code> `)}${names}</td></tr>
`
}
