import { mkdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import type { ArtifactFile, JsonObject, PostProcessContext } from '@imago/core'
import { fileSystemError, ImagoError, resolveFacts, systemCode, withFileLock, writeOutputFile } from '@imago/core'
import * as v from 'valibot'

import type { Provider } from './box-input.ts'
import type { CatalogueOptions } from './vagrant.ts'

/** A box that is to be entered. */
export interface EnteredBox {
  readonly provider: Provider
  readonly architecture?: string
  readonly file: Required<ArtifactFile>
}

/** How Vagrant takes versions, which it reads as Ruby's gems'. */
export const versionRule: RegExp = /^\d+(\.[\dA-Za-z]+)*$/

/** What has to be right in a catalogue that is there; the rest is kept as it is. */
const catalogueSchema = v.looseObject({
  name: v.string(),
  versions: v.array(
    v.looseObject({
      version: v.string(),
      providers: v.optional(v.array(v.looseObject({ name: v.string(), architecture: v.optional(v.string()) }))),
    }),
  ),
})
type Catalogue = v.InferOutput<typeof catalogueSchema>
type Version = Catalogue['versions'][number]
type ProviderEntry = NonNullable<Version['providers']>[number]

/** Looks whether a box can be entered, before there is one. @throws ImagoError `DEFINITION_INVALID` */
export async function checkCatalogue(options: CatalogueOptions, ctx: PostProcessContext): Promise<void> {
  versionOf(options, ctx)
  await readCatalogue(resolve(ctx.directory, options.path), boxNameOf(options, ctx))
}

/**
 * Enters a box in a catalogue, which Vagrant reads as box metadata: https://developer.hashicorp.com/vagrant/docs/boxes/format. What
 * stands there for the same version, provider and processor is replaced, everything else stays. The file is replaced as a whole and under
 * a lock: builds and runs may write it at the same time.
 * @throws ImagoError `DEFINITION_INVALID`, `OUTPUT_UNWRITABLE`, `DISK_FULL`, `TIMEOUT` when somebody has the lock for too long
 */
export async function enterBox(options: CatalogueOptions, box: EnteredBox, ctx: PostProcessContext): Promise<void> {
  const path = resolve(ctx.directory, options.path)
  try {
    await mkdir(dirname(path), { recursive: true })
    await withFileLock(`${path}.lock`, { signal: ctx.signal }, async () => {
      const catalogue = await readCatalogue(path, boxNameOf(options, ctx))
      const text = `${JSON.stringify(withBox(catalogue, options, box, ctx), undefined, 2)}\n`
      await writeOutputFile(path, [Buffer.from(text)], ctx)
    })
  } catch (error) {
    throw fileSystemError(error, `the catalogue ${options.path}`)
  }
}

function withBox(catalogue: Catalogue, options: CatalogueOptions, box: EnteredBox, ctx: PostProcessContext): JsonObject {
  const version = versionOf(options, ctx)
  const found = catalogue.versions.find((each) => each.version === version) ?? { version, providers: [] }
  const changed = { ...found, providers: withProvider(found.providers ?? [], entryOf(options, box, ctx)) }
  const versions = catalogue.versions.includes(found)
    ? catalogue.versions.map((each) => (each === found ? changed : each))
    : [...catalogue.versions, changed]
  const about = { name: catalogue.name, ...(options.description !== undefined && { description: options.description }) }
  return { ...about, ...catalogue, ...about, versions } as JsonObject // it came as JSON, and what is added is JSON
}

function entryOf({ url }: CatalogueOptions, { provider, architecture, file }: EnteredBox, { facts }: PostProcessContext): ProviderEntry {
  return {
    name: provider,
    url: url === undefined ? pathToFileURL(file.path).href : resolveFacts(url, facts),
    checksum_type: 'sha256',
    checksum: file.sha256,
    ...(architecture !== undefined && { architecture }),
  }
}

/** The providers with one more, in the place of the same one. Of several processors, the first is whom Vagrant falls back on. */
function withProvider(others: readonly ProviderEntry[], entry: ProviderEntry): readonly ProviderEntry[] {
  const same = others.find(({ name, architecture }) => name === entry.name && architecture === entry.architecture)
  if (same !== undefined) return others.map((each) => (each === same ? { ...same, ...entry } : each))
  const isFirst = !others.some(({ name }) => name === entry.name)
  return [...others, { ...entry, ...(entry.architecture !== undefined && { default_architecture: isFirst }) }]
}

/** The catalogue that stands at a path, or an empty one. */
async function readCatalogue(path: string, name: string): Promise<Catalogue> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileSystemError(error, `the catalogue ${path}`)
  })
  if (text === undefined) return { name, versions: [] }
  const catalogue = parseJson(text)
  if (!v.is(catalogueSchema, catalogue)) {
    throw new ImagoError('DEFINITION_INVALID', `'${path}' is there and is no catalogue of a box`, {
      hint: 'remove it, or choose another path',
    })
  }
  if (catalogue.name === name) return catalogue
  throw new ImagoError('DEFINITION_INVALID', `'${path}' is the catalogue of the box '${catalogue.name}', not of '${name}'`, {
    hint: 'choose another path, or the same boxName',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // told by whoever looks at it
  }
}

function boxNameOf({ boxName }: CatalogueOptions, { image }: PostProcessContext): string {
  return boxName ?? image
}

/** The version; one that comes from the facts has not been looked at before. */
function versionOf({ version }: CatalogueOptions, { facts }: PostProcessContext): string {
  const value = resolveFacts(version, facts)
  if (versionRule.test(value)) return value
  throw new ImagoError('DEFINITION_INVALID', `catalogue.version: must be a version such as '1.2.0', not '${value}'`)
}
