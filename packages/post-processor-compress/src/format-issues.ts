import type { ArchiveFormat } from '@imago/archive'
import { archiveFormats, formatNames, formatOfName } from '@imago/archive'
import type { Issue } from '@imago/core'

import type { CompressOptions } from './compress.ts'

/** What does not fit the format, as far as that is known. Values of a wrong type are left to the schema. */
export function formatIssues({ output = '.tar.gz', format, level, threads }: CompressOptions): Issue[] {
  const named = typeof output === 'string' ? formatOfName(output) : undefined
  if (typeof output === 'string' && output !== '' && named === undefined && format === undefined) {
    const hint = `end it in one of ${knownEndings()}; or say it with format`
    return [{ path: ['output'], message: `'${output}' does not say which format to write`, hint }]
  }
  const meant = format ?? named
  if (meant === undefined || !Object.hasOwn(archiveFormats, meant)) return []
  return [...levelIssues(meant, level), ...threadIssues(meant, threads)]
}

function levelIssues(format: ArchiveFormat, level: number | undefined): Issue[] {
  if (level === undefined) return []
  const { levels } = archiveFormats[format]
  if (levels === undefined) return [{ path: ['level'], message: `${format} has no levels`, hint: 'leave it out' }]
  const [lowest, highest] = levels
  if (level >= lowest && level <= highest) return []
  return [{ path: ['level'], message: `must be ${lowest} to ${highest} for ${format}, not ${level}` }]
}

function threadIssues(format: ArchiveFormat, threads: number | undefined): Issue[] {
  if (threads === undefined || archiveFormats[format].parallel) return []
  return [{ path: ['threads'], message: `${format} is written by one core`, hint: 'leave it out' }]
}

function knownEndings(): string {
  return formatNames.flatMap((format) => archiveFormats[format].endings).join(', ')
}
