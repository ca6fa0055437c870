import { resolve } from 'node:path'

import type { ArchiveFormat } from '@imago/archive'
import { formatOfName, writeArchive } from '@imago/archive'
import type { FilesArtifact, PostProcessContext } from '@imago/core'
import { formatPath, ImagoError, progressReporter, resolveFacts } from '@imago/core'

import { archiveEntries } from './archive-entries.ts'
import type { CompressOptions } from './compress.ts'
import { formatIssues } from './format-issues.ts'

/** Packs the artifact's files as the options say. @throws ImagoError as `compress` says */
export async function pack(input: FilesArtifact, options: CompressOptions, ctx: PostProcessContext): Promise<FilesArtifact> {
  const name = outputName(options, ctx)
  const format = formatOf(name, options)
  const path = resolve(ctx.directory, name)
  const entries = await archiveEntries(input.files)
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  const onRead = progressReporter(`compress ${name}`, ctx.emit, total).add
  const { level, threads } = options
  const file = await writeArchive(path, entries, { format, level, threads, onRead }, ctx)
  return { type: 'files', id: path, files: [file] }
}

function outputName({ output, format = 'tar.gz' }: CompressOptions, { image, build, facts }: PostProcessContext): string {
  return output === undefined ? `${image}-${build}.${format}` : resolveFacts(output, facts)
}

/** The options have been validated, but for a name that comes from the facts. */
function formatOf(name: string, options: CompressOptions): ArchiveFormat {
  const issues = formatIssues({ ...options, output: name })
  const format = options.format ?? formatOfName(name)
  if (issues.length === 0 && format !== undefined) return format
  const problems = issues.map(({ path, message }) => `${formatPath(path)}: ${message}`)
  throw new ImagoError('DEFINITION_INVALID', problems.join('; ') || 'output: must not be empty', { issues })
}
