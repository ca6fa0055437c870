import { basename } from 'node:path'

import type { Artifact } from '../artifact.ts'
import { fileSha256 } from '../file-digest.ts'
import type { Material } from './material.ts'
import { digestOf } from './material.ts'

/**
 * What an artifact consists of, each with a digest: its files; an image, by the digest that is its id, and by those that registries know
 * it by. What has no digest is named by its id, which its provider gives to nothing else.
 */
export async function subjectsOf(name: string, artifact: Artifact, signal: AbortSignal): Promise<readonly Material[]> {
  const files = (artifact.files ?? []).map(async ({ path, sha256 }): Promise<Material> => ({
    name: basename(path),
    digest: { sha256: sha256 ?? (await fileSha256(path, signal)) },
  }))
  const whole = wholeOf(name, artifact)
  const all = [...(await Promise.all(files)), ...whole, ...pushedAs(artifact)]
  return all.filter((one, index) => all.findIndex((other) => isSame(one, other)) === index)
}

function wholeOf(name: string, { type, id, files = [] }: Artifact): readonly Material[] {
  const { digest } = digestOf(id)
  if (digest !== undefined) return files.some(({ sha256 }) => sha256 === digest['sha256']) ? [] : [{ name, digest }]
  return files.length > 0 ? [] : [{ name: `${name}:${id}`, digest: { [type]: id } }]
}

/** `repository@sha256:…`, of an image that a registry has. */
function pushedAs(artifact: Artifact): readonly Material[] {
  const digests: readonly unknown[] = 'digests' in artifact && Array.isArray(artifact.digests) ? artifact.digests : []
  return digests.flatMap((each): Material[] => {
    const [repository, text = ''] = typeof each === 'string' ? each.split('@') : []
    const { digest } = digestOf(text)
    return repository === undefined || digest === undefined ? [] : [{ name: repository, digest }]
  })
}

function isSame(one: Material, other: Material): boolean {
  return one.name === other.name && JSON.stringify(one.digest) === JSON.stringify(other.digest)
}
