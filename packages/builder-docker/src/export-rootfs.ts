import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'

import type { BuildContext, StepContext } from '@imago/core'
import { abortError, fileSystemError, ImagoError, isImagoError, messageOf, progressReporter, systemCode } from '@imago/core'

import type { BuildContainer } from './build-container.ts'
import type { DockerRootfsArtifact, ExportResult } from './docker-result.ts'
import type { StartImage } from './start-image.ts'

/** Writes the container's file system to a file, under a temporary name until it is whole, and hashes it on the way. */
export async function exportRootfs(
  container: BuildContainer,
  start: StartImage,
  result: ExportResult,
  ctx: BuildContext,
  step: StepContext,
): Promise<DockerRootfsArtifact> {
  const { signal } = step
  const path = resolve(ctx.directory, result.path)
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  const hash = createHash('sha256')
  const progress = progressReporter(`export to ${result.path}`, step.emit)
  let size = 0
  async function* hashed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      hash.update(chunk)
      size += chunk.length
      progress.add(chunk.length)
      yield chunk
    }
  }
  try {
    await mkdir(dirname(path), { recursive: true })
    // The file is there before anything can fail that removes it.
    const file = (await open(temporary, 'wx')).createWriteStream()
    const archive = await container.engine.containers.export(container.name, { signal }).catch((error: unknown) => {
      file.destroy()
      throw error
    })
    await pipeline(archive, hashed, file, { signal })
    await rename(temporary, path)
    progress.finish()
  } catch (error) {
    await rm(temporary, { force: true })
    if (signal.aborted) throw abortError(signal)
    throw exportError(error, `cannot export to '${path}'`)
  }
  const sha256 = hash.digest('hex')
  const { os, architecture } = start.details
  return { type: 'docker-rootfs', id: `sha256:${sha256}`, files: [{ path, size, sha256 }], platform: `${os}/${architecture}` }
}

function exportError(error: unknown, what: string): unknown {
  const wrapped = fileSystemError(error, what)
  if (wrapped !== error || isImagoError(error) || systemCode(error) === undefined) return wrapped
  return new ImagoError('OUTPUT_UNWRITABLE', `${what}: ${messageOf(error)}`, { cause: error })
}
