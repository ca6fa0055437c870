import type { Artifact } from '@imago/core'
import { artifactNames, singleLine } from '@imago/report/text'

/** An artifact in one line: its type, and its files, or else its id and names. */
export function artifactTitle(artifact: Artifact): string {
  const { type, id, files = [] } = artifact
  const [first, ...more] = files.map(({ path }) => path)
  if (first !== undefined) return singleLine(`${type} ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`)
  const names = artifactNames(artifact)
  return singleLine(`${type} ${id}${names.length === 0 ? '' : ` (${names.join(', ')})`}`)
}
