import { dirname, join, relative, resolve, sep } from 'node:path'

import type { ArtifactFile, FilesArtifact, PostProcessContext } from '@imago/core'
import { ImagoError, progressReporter, resolveFacts, writeOutputFile } from '@imago/core'

import type { ChecksumAlgorithm, ChecksumOptions } from './checksum.ts'
import { checksumFileName } from './checksum.ts'
import { checksumLines } from './checksum-lines.ts'
import type { FileDigests } from './digest-file.ts'
import { digestFile } from './digest-file.ts'

/** Options with their defaults. */
export interface ChecksumSettings {
  readonly algorithms: readonly ChecksumAlgorithm[]
  readonly output: ChecksumOptions['output']
}

interface DigestedFile extends FileDigests {
  readonly path: string
}

/** Reads the artifact's files and writes their checksums. @throws ImagoError as `checksum` says */
export async function writeChecksums(input: FilesArtifact, settings: ChecksumSettings, ctx: PostProcessContext): Promise<FilesArtifact> {
  const { algorithms } = settings
  const files = [...new Map(input.files.map((file) => [file.path, file])).values()]
  if (files.length === 0) {
    throw new ImagoError('INPUT_MISSING', 'the artifact has no files, so there is nothing to make checksums of', {
      hint: 'check what the step before this one makes',
    })
  }
  const targets = algorithms.map((algorithm) => ({ algorithm, path: targetPath(algorithm, settings, files, ctx) }))
  for (const { path } of targets) {
    if (!files.some((file) => resolve(file.path) === path)) continue
    throw new ImagoError('OUTPUT_UNWRITABLE', `cannot write checksums to '${path}': it is one of the files that they are of`, {
      hint: 'give the output another name',
    })
  }
  const digested = await digestAll(files, algorithms, ctx)
  const written: ArtifactFile[] = []
  for (const { algorithm, path } of targets) written.push(await writeTarget(path, algorithm, digested, ctx))
  return { type: 'files', id: input.id, files: [...digested.map(artifactFile), ...written] }
}

function targetPath(
  algorithm: ChecksumAlgorithm,
  { algorithms, output }: ChecksumSettings,
  files: readonly ArtifactFile[],
  { image, build, facts, directory }: PostProcessContext,
): string {
  if (output === undefined) return join(commonFolder(files), `${image}-${build}.${algorithm}`)
  const name = resolveFacts(output, facts)
  if (name === '') throw new ImagoError('DEFINITION_INVALID', 'output: must not be empty')
  return resolve(directory, checksumFileName(name, algorithm, algorithms))
}

function commonFolder(files: readonly ArtifactFile[]): string {
  const [first = '', ...rest] = files.map(({ path }) => dirname(resolve(path)))
  let folder = first
  while (!rest.every((path) => path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep))) folder = dirname(folder)
  return folder
}

async function digestAll(
  files: readonly ArtifactFile[],
  algorithms: readonly ChecksumAlgorithm[],
  { emit, signal }: PostProcessContext,
): Promise<DigestedFile[]> {
  const { add: onRead } = progressReporter(
    'checksums',
    emit,
    files.reduce((sum, { size }) => sum + size, 0),
  )
  const digested: DigestedFile[] = []
  for (const { path, sha256 } of files) {
    const found = await digestFile(path, algorithms, { signal, onRead })
    const now = found.digests.get('sha256')
    if (sha256 !== undefined && now !== undefined && now !== sha256.toLowerCase()) {
      throw new ImagoError('CHECKSUM_MISMATCH', `'${path}' has changed since it was made: its SHA-256 was ${sha256} and is ${now}`, {
        hint: 'find out what writes to it',
      })
    }
    digested.push({ path, ...found })
  }
  return digested
}

async function writeTarget(
  path: string,
  algorithm: ChecksumAlgorithm,
  files: readonly DigestedFile[],
  ctx: PostProcessContext,
): Promise<ArtifactFile> {
  const folder = dirname(path)
  const text = checksumLines(
    files.map((file) => ({ name: relative(folder, file.path).split(sep).join('/'), digest: file.digests.get(algorithm) ?? '' })),
  )
  return await writeOutputFile(path, [Buffer.from(text)], ctx)
}

function artifactFile({ path, size, digests }: DigestedFile): ArtifactFile {
  const sha256 = digests.get('sha256')
  return { path, size, ...(sha256 !== undefined && { sha256 }) }
}
