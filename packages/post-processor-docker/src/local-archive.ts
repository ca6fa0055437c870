import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'

import type { ArtifactFile, FilesArtifact, PostProcessContext, TransferProgress } from '@imago/core'
import { fileSystemError, ImagoError, progressReporter } from '@imago/core'

/**
 * The only file of an artifact.
 * @throws ImagoError `UNSUPPORTED` when it has none or several
 */
export function onlyFile(artifact: FilesArtifact): ArtifactFile {
  const [file, ...more] = artifact.files
  if (file !== undefined && more.length === 0) return file
  throw new ImagoError('UNSUPPORTED', `'${artifact.id}' consists of ${artifact.files.length} files, and Docker takes a single archive`, {
    hint: 'put a post-processor before it that makes one archive of them',
  })
}

/**
 * The root file system of an artifact: what it says is one, beside a disk image, or its only file.
 * @throws ImagoError `UNSUPPORTED` when it has none
 */
export function rootFileSystem(artifact: FilesArtifact): ArtifactFile {
  const rootfs = 'rootfs' in artifact ? artifact.files.find((file) => isSameFile(file, artifact.rootfs)) : undefined
  return rootfs ?? onlyFile(artifact)
}

function isSameFile({ path }: ArtifactFile, other: unknown): boolean {
  return typeof other === 'object' && other !== null && 'path' in other && other.path === path
}

/** Hands a file to `use` as a stream, with progress under the name of `task`. */
export async function sendFile<T>(
  file: ArtifactFile,
  task: string,
  ctx: Pick<PostProcessContext, 'signal' | 'emit'>,
  use: (stream: Readable) => Promise<T>,
): Promise<T> {
  const progress = progressReporter(task, ctx.emit)
  const content = createReadStream(file.path, { highWaterMark: 1024 * 1024 })
  const stream = Readable.from(withProgress(content, file.size, progress.onProgress), { objectMode: false })
  try {
    const result = await use(stream)
    progress.finish()
    return result
  } catch (error) {
    throw fileSystemError(error, `cannot read '${file.path}'`)
  } finally {
    stream.destroy()
    content.destroy()
  }
}

async function* withProgress(
  content: AsyncIterable<Uint8Array>,
  total: number,
  onProgress: (progress: TransferProgress) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const chunk of content) {
    bytes += chunk.length
    onProgress({ bytes, total })
    yield chunk
  }
}
