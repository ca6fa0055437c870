import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import { bootCommandSchema } from './boot-command-issues.ts'
import { parseDigest } from './digest.ts'
import type { VmOptions } from './vm-options.ts'

const { duration, fromFacts, text, textOrSecret } = optionSchema

const wholeNumber = v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(0, 'must not be negative'))
const port = v.pipe(wholeNumber, v.minValue(1, 'must be 1 to 65535'), v.maxValue(65_535, 'must be 1 to 65535'))

const digest = v.custom<string>(
  (value) => value === 'none' || (typeof value === 'string' && parseDigest(value) !== undefined),
  "must be 'sha256:' and 64 hex digits (or md5, sha1, sha512 with theirs), { url } of a file of checksums, or 'none'",
)
const sourceUrl = v.pipe(text, v.check(isPathOrUrl, 'must be a path, or a URL that begins with https:, http: or file:'))

/** The schema of `MediaSource`. */
export const mediaSourceSchema: v.GenericSchema = v.strictObject({
  url: v.union([sourceUrl, v.pipe(v.array(sourceUrl), v.minLength(1, 'must hold a URL or a path'))]),
  checksum: v.lazy((value): v.GenericSchema => (typeof value === 'object' ? v.strictObject({ url: sourceUrl }) : digest)),
})

const contentPath = v.pipe(
  text,
  v.check(isPathBelow, ({ input }) => `'${input}' is not a path of a file: it has '..', an empty part, or a '/' at an end`),
)
const content = v.record(contentPath, fromFacts(textOrSecret))

function medium(label: v.GenericSchema): v.GenericSchema {
  return v.strictObject({ files: v.optional(v.array(text)), content: v.optional(content), label: v.optional(label) })
}

const textOrData = v.custom<unknown>(
  (value) => typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value)),
  'must be text or an object',
)
const cloudInit = v.strictObject({
  userData: fromFacts(textOrData),
  metaData: v.optional(fromFacts(textOrData)),
  networkConfig: v.optional(fromFacts(textOrData)),
})

/** The schemas of `VmOptions`, to be spread into a `v.strictObject` by builders whose options hold them. */
export const vmEntries: Readonly<Record<keyof VmOptions, v.GenericSchema>> = {
  http: v.optional(v.strictObject({ directory: v.optional(text), content: v.optional(content), ports: v.optional(v.tuple([port, port])) })),
  cd: v.optional(medium(v.pipe(text, v.regex(/^[A-Za-z0-9_-]{1,16}$/, 'must be up to 16 letters, digits, - or _')))),
  floppy: v.optional(medium(v.pipe(text, v.regex(/^[A-Za-z0-9_ -]{1,11}$/, 'must be up to 11 letters, digits, blanks, - or _')))),
  cloudInit: v.optional(cloudInit),
  boot: v.optional(
    v.strictObject({
      wait: v.optional(duration),
      command: v.optional(fromFacts(bootCommandSchema)),
      keyInterval: v.optional(duration),
    }),
  ),
  shutdown: v.optional(v.strictObject({ command: v.optional(textOrSecret), timeout: v.optional(duration) })),
  cacheDirectory: v.optional(text),
}

function isPathOrUrl(url: string): boolean {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(url)) return true
  return /^(?:https?|file):/i.test(url) && URL.canParse(url)
}

function isPathBelow(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}
