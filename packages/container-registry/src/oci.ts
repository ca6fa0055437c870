import * as v from 'valibot'

/*
 * The documents of an image, as the OCI image specification (and Docker's own, which it grew from) describes them. What is not
 * listed here is kept as it came.
 */

/** What a piece of an image is, and how to check it. */
export interface Descriptor {
  readonly mediaType: string
  /** `sha256:…` */
  readonly digest: string
  /** Bytes. */
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>>
}

/** What an image runs on. */
export interface Platform {
  /** `linux` */
  readonly os: string
  /** As Go names it: `amd64`, `arm64`. */
  readonly architecture: string
  /** `v7`, `v8` */
  readonly variant?: string
}

/** An image for one platform: its configuration and its layers, the lowest first. */
export interface ImageManifest {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly annotations?: Readonly<Record<string, string>>
}

/** The same image for several platforms. */
export interface ImageIndex {
  readonly manifests: readonly (Descriptor & { readonly platform?: Platform })[]
}

/** An image's configuration: how its containers run, and the layers' digests before compression. */
export interface OciImageConfig extends Platform {
  readonly created?: string
  readonly author?: string
  readonly config?: OciRunConfig
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] }
  readonly history?: readonly OciHistory[]
}

/** How containers of an image run. Docker writes `null` for what is not set. */
export interface OciRunConfig {
  readonly User?: string | null
  readonly WorkingDir?: string | null
  readonly Env?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | null
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  readonly Volumes?: Readonly<Record<string, object>> | null
  readonly StopSignal?: string | null
}

/** Where a layer comes from. */
export interface OciHistory {
  readonly created?: string
  readonly created_by?: string
  readonly comment?: string
  readonly author?: string
  readonly empty_layer?: boolean
}

const strings = v.record(v.string(), v.string())
const digest = v.pipe(v.string(), v.regex(/^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/, 'no digest'))
const platformEntries = { os: v.string(), architecture: v.string(), variant: v.exactOptional(v.string()) }
const descriptorEntries = {
  mediaType: v.string(),
  digest,
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  annotations: v.exactOptional(strings),
}

/** Checks an {@link ImageManifest}. */
export const imageManifestSchema: v.GenericSchema<unknown, ImageManifest> = v.looseObject({
  schemaVersion: v.literal(2),
  mediaType: v.exactOptional(v.string()),
  config: v.looseObject(descriptorEntries),
  layers: v.array(v.looseObject(descriptorEntries)),
  annotations: v.exactOptional(strings),
})

/** Checks an {@link ImageIndex}. */
export const imageIndexSchema: v.GenericSchema<unknown, ImageIndex> = v.looseObject({
  manifests: v.array(v.looseObject({ ...descriptorEntries, platform: v.exactOptional(v.looseObject(platformEntries)) })),
})

const text = v.exactOptional(v.nullable(v.string()))
const texts = v.exactOptional(v.nullable(v.array(v.string())))
const names = v.exactOptional(v.nullable(v.record(v.string(), v.looseObject({}))))

/** Checks an {@link OciImageConfig}. */
export const imageConfigSchema: v.GenericSchema<unknown, OciImageConfig> = v.looseObject({
  ...platformEntries,
  created: v.exactOptional(v.string()),
  author: v.exactOptional(v.string()),
  config: v.exactOptional(
    v.looseObject({
      User: text,
      WorkingDir: text,
      Env: texts,
      Cmd: texts,
      Entrypoint: texts,
      Labels: v.exactOptional(v.nullable(strings)),
      ExposedPorts: names,
      Volumes: names,
      StopSignal: text,
    }),
  ),
  rootfs: v.looseObject({ type: v.literal('layers'), diff_ids: v.array(digest) }),
  history: v.exactOptional(
    v.array(
      v.looseObject({
        created: v.exactOptional(v.string()),
        created_by: v.exactOptional(v.string()),
        comment: v.exactOptional(v.string()),
        author: v.exactOptional(v.string()),
        empty_layer: v.exactOptional(v.boolean()),
      }),
    ),
  ),
})
