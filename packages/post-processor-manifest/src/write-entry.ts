import { constants, copyFile, mkdir, readFile } from 'node:fs/promises'
import { basename, dirname, relative, resolve } from 'node:path'

import type { Artifact, Json, PostProcessContext } from '@imago/core'
import { fileSystemError, ImagoError, resolveFacts, systemCode, withFileLock, writeOutputFile } from '@imago/core'

import type { ManifestOptions } from './manifest.ts'

/** A build in a manifest. */
export interface ManifestEntry {
  readonly image: string
  readonly build: string
  readonly builderType: string
  readonly runId: string
  /** When it was written; ISO 8601, UTC. */
  readonly time: string
  readonly artifact: {
    readonly type: string
    readonly id: string
    /** Paths are relative to the manifest's folder, or bare names with `stripPath`. */
    readonly files: readonly { readonly path: string; readonly size: number; readonly sha256?: string }[]
  }
  readonly customData?: Json
}

/** The content of a manifest. */
export interface Manifest {
  /** The version of this format. */
  readonly version: 1
  /** The run that wrote last. */
  readonly lastRunId: string
  /** One for each build of each image, sorted by their names. */
  readonly builds: readonly ManifestEntry[]
}

/** Replaces the build's entry in the manifest, or adds it. */
export async function writeEntry(output: string, options: ManifestOptions, artifact: Artifact, context: PostProcessContext): Promise<void> {
  const path = resolve(context.directory, output)
  const entry = entryOf(path, options, artifact, context)
  try {
    await mkdir(dirname(path), { recursive: true })
    await withFileLock(`${path}.lock`, { signal: context.signal }, async () => {
      const others = (await readManifest(path)).filter(({ image, build }) => image !== entry.image || build !== entry.build)
      const builds = [...others, entry].toSorted((a, b) => compare(a.image, b.image) || compare(a.build, b.build))
      const manifest: Manifest = { version: 1, lastRunId: context.runId, builds }
      await writeOutputFile(path, [Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)], context)
    })
  } catch (error) {
    throw fileSystemError(error, `the manifest ${output}`)
  }
}

function entryOf(path: string, { customData, stripPath }: ManifestOptions, artifact: Artifact, context: PostProcessContext): ManifestEntry {
  const { image, build, builderType, runId, facts } = context
  const nameOf = (file: string): string => (stripPath === true ? basename(file) : relative(dirname(path), file))
  return {
    image,
    build,
    builderType,
    runId,
    time: new Date().toISOString(),
    artifact: {
      type: artifact.type,
      id: artifact.id,
      files: (artifact.files ?? []).map(({ path: file, size, sha256 }) => ({
        path: nameOf(file),
        size,
        ...(sha256 !== undefined && { sha256 }),
      })),
    },
    ...(customData !== undefined && { customData: resolveFacts(customData, facts) }),
  }
}

async function readManifest(path: string): Promise<readonly ManifestEntry[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return []
  try {
    const content: unknown = JSON.parse(text)
    if (isManifest(content)) return content.builds
    if (isFromPacker(content) && (await keepBeside(path))) return []
  } catch (error) {
    // Told below: what stands there is no manifest.
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new ImagoError('DEFINITION_INVALID', `'${path}' is there and is no manifest of version 1`, {
    hint: 'remove it, or choose another output',
  })
}

/** Whether Packer has written it: who comes from there has one where this one goes. */
function isFromPacker(content: unknown): boolean {
  return typeof content === 'object' && content !== null && 'last_run_uuid' in content && 'builds' in content
}

/** Copies a file to a name of its own; false when something of that name is there. */
async function keepBeside(path: string): Promise<boolean> {
  try {
    await copyFile(path, `${path}.packer`, constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

function isManifest(content: unknown): content is Manifest {
  return (
    typeof content === 'object' &&
    content !== null &&
    'version' in content &&
    content.version === 1 &&
    'builds' in content &&
    Array.isArray(content.builds)
  )
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
