import { isAbsolute, relative } from 'node:path'

import type { Artifact, ArtifactFile } from '@imago/core'
import { artifactNames, artifactSize, formatSize, singleLine } from '@imago/report/text'

const mostFiles = 10

/** The artifacts of a build for people: what each is, its id, size and names, and its files with their sizes and digests, each file once. */
export function artifactLines(artifacts: readonly Artifact[], cwd: string): string[] {
  const told = new Set<string>()
  return artifacts.flatMap((artifact) => {
    const files = artifact.files ?? []
    const untold = files.filter(({ path }) => !told.has(path))
    for (const { path } of untold) told.add(path)
    const lines = fileLines(untold, cwd)
    return untold.length < files.length ? lines : withHead(artifact, lines)
  })
}

function withHead(artifact: Artifact, lines: readonly string[]): string[] {
  const { type, id, files: [first, second] = [] } = artifact
  const names = artifactNames(artifact)
  const isItsFile = first !== undefined && second === undefined && (id === first.path || id === digestOf(first)) && names.length === 0
  return isItsFile ? [`${type}  ${lines.join('')}`] : [[type, singleLine(id), ...sizeOf(artifact), ...names].join('  '), ...lines]
}

function fileLines(files: readonly ArtifactFile[], cwd: string): string[] {
  const lines = files.slice(0, mostFiles).map((file) => {
    const digest = digestOf(file)
    return [pathFrom(cwd, file.path), formatSize(file.size), ...(digest === undefined ? [] : [digest])].join('  ')
  })
  return files.length > mostFiles ? [...lines, `and ${files.length - mostFiles} more files`] : lines
}

function digestOf({ sha256 }: ArtifactFile): string | undefined {
  return sha256 === undefined ? undefined : `sha256:${sha256}`
}

function sizeOf(artifact: Artifact): string[] {
  const size = artifactSize(artifact)
  return size === undefined ? [] : [formatSize(size)]
}

function pathFrom(cwd: string, path: string): string {
  const shorter = relative(cwd, path)
  return singleLine(shorter.startsWith('..') || isAbsolute(shorter) ? path : shorter)
}
