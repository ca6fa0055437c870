import type { Descriptor, ImageManifest, OciImageConfig, Platform } from '@imago/container-registry'
import { ImagoError } from '@imago/core'
import * as v from 'valibot'

/** The index of an image layout. */
export interface ImageIndex {
  readonly manifests: readonly (Descriptor & { readonly platform?: Platform })[]
}

const strings = v.record(v.string(), v.string())
const digest = v.pipe(v.string(), v.regex(/^sha256:[a-f0-9]{64}$/, 'must be a sha256 digest'))
const descriptorEntries = {
  mediaType: v.string(),
  digest,
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  annotations: v.exactOptional(strings),
}
const platformEntries = { os: v.string(), architecture: v.string(), variant: v.exactOptional(v.string()) }

const indexSchema: v.GenericSchema<unknown, ImageIndex> = v.looseObject({
  manifests: v.array(v.looseObject({ ...descriptorEntries, platform: v.exactOptional(v.looseObject(platformEntries)) })),
})
const manifestSchema: v.GenericSchema<unknown, ImageManifest> = v.looseObject({
  schemaVersion: v.literal(2),
  mediaType: v.exactOptional(v.string()),
  config: v.looseObject(descriptorEntries),
  layers: v.array(v.looseObject(descriptorEntries)),
  annotations: v.exactOptional(strings),
})
const texts = v.exactOptional(v.nullable(v.array(v.string())))
const names = v.exactOptional(v.nullable(v.record(v.string(), v.looseObject({}))))
const configSchema: v.GenericSchema<unknown, OciImageConfig> = v.looseObject({
  ...platformEntries,
  config: v.exactOptional(
    v.looseObject({
      Env: texts,
      Cmd: texts,
      Entrypoint: texts,
      Labels: v.exactOptional(v.nullable(strings)),
      ExposedPorts: names,
      Volumes: names,
    }),
  ),
  rootfs: v.looseObject({ type: v.literal('layers'), diff_ids: v.array(digest) }),
  history: v.exactOptional(v.array(v.looseObject({ empty_layer: v.exactOptional(v.boolean()) }))),
})

/** Reads an index, a manifest or a configuration (OCI image specification). @throws ImagoError `UNSUPPORTED` for what is none */
export const documents: {
  readonly index: (bytes: Uint8Array, what: string) => ImageIndex
  readonly manifest: (bytes: Uint8Array, what: string) => ImageManifest
  readonly config: (bytes: Uint8Array, what: string) => OciImageConfig
} = {
  index: (bytes, what) => parse(indexSchema, bytes, what),
  manifest: (bytes, what) => parse(manifestSchema, bytes, what),
  config: (bytes, what) => parse(configSchema, bytes, what),
}

function parse<T>(schema: v.GenericSchema<unknown, T>, bytes: Uint8Array, what: string): T {
  const result = v.safeParse(schema, parseJson(bytes, what))
  if (result.success) return result.output
  const [issue] = result.issues
  throw new ImagoError('UNSUPPORTED', `${what} is malformed at '${v.getDotPath(issue) ?? ''}': ${issue.message}`)
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch (error) {
    throw new ImagoError('UNSUPPORTED', `${what} is no JSON`, { cause: error })
  }
}
