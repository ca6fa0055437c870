import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'

import { applicableSteps } from '../applicable-steps.ts'
import type { Artifact } from '../artifact.ts'
import type { Builder, LocalInput, LocalOutput, Step } from '../component.ts'
import { localFiles } from '../component-checks.ts'
import type { BuildContext } from '../context.ts'
import { referencesIn } from '../definition-values.ts'
import { fileSystemError, systemCode } from '../error.ts'
import { fileSha256 } from '../file-digest.ts'
import { ownVersion } from '../own-version.ts'
import { plan } from '../plan.ts'
import type { BuildId } from '../selection.ts'
import { qualifiedName } from '../selection.ts'
import { directoryHash } from './directory-hash.ts'
import type { Material } from './material.ts'
import type { Provenance } from './provenance.ts'
import { subjectsOf } from './subjects.ts'

/** The build that is followed. */
export interface FollowedBuild {
  readonly id: BuildId
  readonly builder: Builder
  readonly directory: string
  readonly signal: AbortSignal
  /** What other builds made that this one starts from. */
  readonly artifact: BuildContext['artifact']
  /** What was read to come to the definition. */
  readonly materials: readonly Material[]
}

/** Follows a build, to say how it came to what it made. */
export class ProvenanceRecorder {
  readonly #build: FollowedBuild
  readonly #materials = new Map<string, Material>()
  readonly #startedAt = new Date().toISOString()

  constructor(build: FollowedBuild) {
    this.#build = build
  }

  /** Takes the digests of what the build will read, before it does. */
  async begin(): Promise<void> {
    const { builder, artifact, signal, directory, materials } = this.#build
    for (const material of materials) this.add(material)
    for (const reference of referencesIn(builder.options)) {
      for (const material of await subjectsOf(qualifiedName(reference), artifact(reference), signal)) this.add(material)
    }
    for (const input of this.#files().inputs) this.add(await inputMaterial(input, directory, signal))
  }

  /** Something that the build starts from. */
  add(material: Material): void {
    this.#materials.set(JSON.stringify([material.name, material.uri, material.digest]), material)
  }

  /** Takes the digests of what was made. */
  async finish(artifacts: readonly Artifact[], cachedSteps: readonly string[]): Promise<Provenance> {
    const { id, directory, signal } = this.#build
    const { image, build } = id
    const finishedAt = new Date().toISOString()
    const made = artifacts.map(async (artifact) => ({ artifact, subjects: await subjectsOf(qualifiedName(id), artifact, signal) }))
    const paths = new Set(artifacts.flatMap(({ files = [] }) => files.map(({ path }) => path)))
    const outputs = this.#files().outputs.filter(({ path }) => !paths.has(resolve(directory, path)))
    const byproducts = await Promise.all(outputs.map((output) => outputMaterial(output, directory, signal)))
    const [definition] = plan(image, { only: [build] }).builds.filter((planned) => planned.build === build)
    if (definition === undefined) throw new TypeError(`no plan of ${qualifiedName(id)}`) // it has just been built
    return {
      startedAt: this.#startedAt,
      finishedAt,
      artifacts: await Promise.all(made),
      definition,
      materials: [...this.#materials.values()],
      byproducts: byproducts.flat(),
      cachedSteps,
      versions: { '@imago/core': await ownVersion(), node: process.versions.node },
    }
  }

  #files(): { readonly inputs: readonly LocalInput[]; readonly outputs: readonly LocalOutput[] } {
    const { id, builder } = this.#build
    const { provisioners, chains } = applicableSteps(id.image, id.build)
    const components: readonly (Builder | Step)[] = [builder, ...[...provisioners, ...chains.flat()].map(({ step }) => step)]
    const found = components.map(localFiles)
    return { inputs: found.flatMap(({ inputs }) => inputs), outputs: found.flatMap(({ outputs }) => outputs) }
  }
}

async function inputMaterial({ path }: LocalInput, directory: string, signal: AbortSignal): Promise<Material> {
  const absolute = resolve(directory, path)
  try {
    const isDirectory = (await stat(absolute)).isDirectory()
    return {
      name: path,
      digest: isDirectory ? { dirHash: await directoryHash(absolute, signal) } : { sha256: await fileSha256(absolute, signal) },
    }
  } catch (error) {
    throw fileSystemError(error, `'${path}' cannot be read`)
  }
}

/** Nothing, where a step has not written what it may write. */
async function outputMaterial({ path }: LocalOutput, directory: string, signal: AbortSignal): Promise<readonly Material[]> {
  const absolute = resolve(directory, path)
  try {
    if (!(await stat(absolute)).isFile()) return []
    return [{ name: path, digest: { sha256: await fileSha256(absolute, signal) } }]
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return []
    throw fileSystemError(error, `'${path}' cannot be read`)
  }
}
