import type { Cacheable, LocalInput, LocalOutput, Provisioner, Scope, StepOptions } from '@imago/core'
import { splitStepOptions } from '@imago/core'

import type { FileOptions, FileParts } from './file-options.ts'
import { fileIssues } from './file-options.ts'
import { download, upload } from './transfer.ts'
import { expectedPath, meansContent } from './transfer-path.ts'

/**
 * Takes files, directories or content into the machine, or files and directories out of it. A directory is one stream, whatever is in
 * it; links in it stay links.
 *
 * Fails with `INPUT_MISSING` when a source is gone, and with `TRANSFER_FAILED` or `OUTPUT_UNWRITABLE` when the destination cannot be
 * written.
 * @example file({ source: 'site/', destination: '/srv/site', owner: 'www-data:www-data' })
 * @example file({ content: (facts) => `built from ${facts.sourceImage}\n`, destination: '/etc/motd' })
 * @example file({ direction: 'download', source: '/var/log/setup.log', destination: 'logs/' })
 */
export function file<const N extends string = never>(options: FileOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as FileOptions // what is left when the common options are gone
  return {
    kind: 'provisioner',
    type: 'file',
    ...common,
    options: own,
    title: title(own),
    validate: () => fileIssues(own),
    inputs: () => inputs(own),
    cacheable: cacheable(own),
    outputs: () => outputs(own),
    provision: async (context) => await (own.direction === 'download' ? download(own, context) : upload(own, context)),
  }
}

function cacheable({ direction, generated }: FileParts): Cacheable {
  if (direction === 'download') return { never: 'it writes to this machine, of which there is no snapshot' }
  return generated === true ? { never: 'what it uploads is made during the build' } : { revision: 1 }
}

function title(options: FileParts): string {
  const { content, destination, direction } = options
  const where = typeof destination === 'string' ? destination : 'a path of this build'
  if (content !== undefined) return `write ${where}`
  const [first = { path: 'nothing' }, ...others] = sources(options)
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  return `${direction === 'download' ? 'download' : 'upload'} ${first.path}${more} to ${where}`
}

function inputs(options: FileParts): readonly LocalInput[] {
  if (options.direction === 'download' || options.generated === true) return []
  return sources(options).map((source) => (meansContent(source.path) ? { ...source, kind: 'directory' } : source))
}

function outputs(options: FileParts): readonly LocalOutput[] {
  const { destination, direction } = options
  if (direction !== 'download' || typeof destination !== 'string') return []
  const target = options.sources === undefined || destination.endsWith('/') ? destination : `${destination}/`
  return sources(options).map(({ path }) => ({ ...expectedPath(path, target), at: ['destination'] }))
}

/** The paths among the options. They may come from data, and be wrong. */
function sources({ source, sources: several }: FileParts): readonly Pick<LocalInput, 'path' | 'at'>[] {
  if (typeof source === 'string') return [{ path: source, at: ['source'] }]
  if (!Array.isArray(several)) return []
  return several.flatMap((path: unknown, index) => (typeof path === 'string' ? [{ path, at: ['sources', index] }] : []))
}
