import type { Artifact, ArtifactFile } from '@imago/core'

import { artifactNames, artifactSize } from '../artifact-names.ts'
import { formatSize } from '../format-size.ts'
import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { BuildRecord } from '../run-record.ts'
import type { Page } from './page.ts'
import { count, shortText } from './words.ts'

/** An artifact is shown with so many files at most. */
const mostFiles = 50

/** What each build left, with the sizes of artifacts and files. A file that several artifacts consist of is told once. */
export function artifactTable({ record }: Page): Markup | undefined {
  const builds = record.builds.filter(({ artifacts }) => artifacts.length > 0)
  if (builds.length === 0) return undefined
  const largest = Math.max(1, ...builds.flatMap(({ artifacts }) => artifacts.flatMap(sizesOf)))
  return markup`<section aria-labelledby="artifacts">
<h2 id="artifacts">Artifacts</h2>
<table class="artifacts">
<thead><tr><th scope="col">Artifact or file</th><th scope="col" class="number">Size</th></tr></thead>
${builds.map((build) => groupOf(build, largest))}</table>
</section>
`
}

function groupOf({ label, artifacts }: BuildRecord, largest: number): Markup {
  const told = new Set<string>()
  const untold = ({ files = [] }: Artifact): ArtifactFile[] => files.filter(({ path }) => !told.has(path) && told.add(path))
  return markup`<tbody>
<tr><th scope="rowgroup" colspan="2" class="group">${shortText(label)}</th></tr>
${artifacts.map((artifact) => rowsOf(artifact, untold(artifact), largest))}</tbody>
`
}

function rowsOf(artifact: Artifact, files: readonly ArtifactFile[], largest: number): Markup {
  const { type, id } = artifact
  const size = artifactSize(artifact)
  const names = artifactNames(artifact)
  const missing = files.length - mostFiles
  return markup`<tr><th scope="row">${type} <code>${shortText(id)}</code>${names.map((name) => markup` <span class="badge">${shortText(name)}</span>`)}</th><td class="number wide">${size === undefined ? undefined : sizeBar(size, largest)}</td></tr>
${files.slice(0, mostFiles).map((file) => fileRow(file, largest))}${missing > 0 ? markup`<tr><td colspan="2" class="file quiet">and ${count(missing, 'more file')}</td></tr>\n` : undefined}`
}

function fileRow({ path, size, sha256 }: ArtifactFile, largest: number): Markup {
  const digest = sha256 === undefined ? undefined : markup` <small>sha256:${sha256}</small>`
  return markup`<tr><td class="file"><code>${shortText(path)}</code>${digest}</td><td class="number wide">${sizeBar(size, largest)}</td></tr>
`
}

function sizeBar(size: number, largest: number): Markup {
  return markup`${formatSize(size)}<span class="size" style="width: ${Number(((size * 100) / largest).toFixed(2))}%"></span>`
}

function sizesOf(artifact: Artifact): number[] {
  return [artifactSize(artifact) ?? 0, ...(artifact.files ?? []).map(({ size }) => size)]
}
