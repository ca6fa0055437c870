import type { FromFacts, Issue, Secret } from '@imago/core'
import { isSecret, optionSchema } from '@imago/core'
import * as v from 'valibot'

/** One file or directory, or several. */
type Sources =
  | {
      /**
       * A file or directory. A slash at the end of a directory means its content, as for rsync: `site/` to `/srv` puts `site/a` at
       * `/srv/a`, `site` to `/srv` puts it at `/srv/site/a`.
       */
      readonly source: string
      readonly sources?: never
    }
  | {
      /** Files and directories, each as `source` would be; the destination is a directory. */
      readonly sources: readonly string[]
      readonly source?: never
    }

/** Where it goes. */
interface Destination {
  /**
   * For a file: its path, or a directory to put it into, when there is one or when it ends with a slash. For a directory: where it
   * goes, see `source`. Parents are made.
   */
  readonly destination: FromFacts<string>
}

/** Takes files of this machine, or content, into the machine. */
export type UploadOptions = Destination & {
  readonly direction?: 'upload'
  /** Permission bits of the file, or of all files of a directory. @default those of the source; 0o644 for content */
  readonly mode?: number
  /** User and group, `www-data:www-data` or `33:33`, of all that is uploaded. @default the communicator's user */
  readonly owner?: string
} & (
    | (Sources & {
        /** An earlier step makes the source: it is not looked for before the run. @default false */
        readonly generated?: boolean
        /**
         * Leave out the files that the machine has already, told by SHA-256, mode and owner; what else is there stays. Over SSH;
         * elsewhere everything is sent. @default false
         */
        readonly sync?: boolean
        readonly content?: never
      })
    | {
        /** What the file holds. */
        readonly content: FromFacts<string | Uint8Array | Secret>
        readonly source?: never
        readonly sources?: never
        readonly generated?: never
        readonly sync?: never
      }
  )

/** Takes files of the machine to this one. */
export type DownloadOptions = Destination &
  Sources & {
    readonly direction: 'download'
    readonly content?: never
    readonly mode?: never
    readonly owner?: never
    readonly generated?: never
    readonly sync?: never
  }

/** What `file` takes beside the common options of steps. */
export type FileOptions = UploadOptions | DownloadOptions

/** The options as they may come from data: all of them, any of them. */
export type FileParts = Partial<Record<'source' | 'sources' | 'content' | 'destination' | 'direction' | 'generated' | 'sync', unknown>>

const content = v.custom<string | Uint8Array | Secret>(
  (value) => typeof value === 'string' || value instanceof Uint8Array || isSecret(value),
  'must be a string, bytes or a secret',
)

const schema = v.strictObject({
  source: v.optional(optionSchema.text),
  sources: v.optional(v.pipe(v.array(optionSchema.text), v.nonEmpty('must not be empty'))),
  content: v.optional(optionSchema.fromFacts(content)),
  destination: optionSchema.fromFacts(optionSchema.text),
  direction: v.optional(v.picklist(['upload', 'download'])),
  mode: v.optional(optionSchema.fileMode),
  owner: v.optional(v.pipe(v.string(), v.regex(/^[^:\s]+:[^:\s]+$/, 'must be a user and a group, by name or number: 33:33'))),
  generated: v.optional(v.boolean()),
  sync: v.optional(v.boolean()),
})

const uploadsOnly = ['content', 'mode', 'owner', 'generated', 'sync'] as const
const filesOnly = ['generated', 'sync'] as const

/** Every problem of the options of `file`. */
export function fileIssues(options: FileParts & Partial<Record<'mode' | 'owner', unknown>>): readonly Issue[] {
  const [first, ...others] = (['source', 'sources', 'content'] as const).filter((name) => options[name] !== undefined)
  const download = options.direction === 'download'
  return [
    ...optionSchema.schemaIssues(schema, options),
    ...(first === undefined ? [{ path: [], message: 'one of source, sources and content is required' }] : []),
    ...others.map((name) => ({ path: [name], message: `${first} and ${name} exclude each other`, hint: 'use a step for each' })),
    ...uploadsOnly
      .filter((name) => download && options[name] !== undefined)
      .map((name) => ({ path: [name], message: 'belongs to uploads, not to a download' })),
    ...filesOnly
      .filter((name) => options.content !== undefined && options[name] !== undefined)
      .map((name) => ({ path: [name], message: 'belongs to source and sources, not to content' })),
    ...destinationIssues(options),
  ]
}

/** Paths in a machine are absolute; where content goes has a name. */
export function destinationIssues({ destination, content: given, direction, source, sources }: FileParts): readonly Issue[] {
  if (direction === 'download') {
    const several = Array.isArray(sources) ? sources.flatMap((value: unknown, index) => absoluteIssues(['sources', index], value)) : []
    return [...absoluteIssues(['source'], source), ...several]
  }
  const unnamed = given !== undefined && typeof destination === 'string' && destination.endsWith('/')
  return [
    ...absoluteIssues(['destination'], destination),
    ...(unnamed ? [{ path: ['destination'], message: `must name a file for the content, not ${JSON.stringify(destination)}` }] : []),
  ]
}

function absoluteIssues(path: Issue['path'], value: unknown): readonly Issue[] {
  if (typeof value !== 'string' || value === '' || /^(?:\/|[A-Za-z]:[\\/])/.test(value)) return []
  return [{ path, message: `must be an absolute path of the machine, not ${JSON.stringify(value)}` }]
}
