import { isAbsolute, relative } from 'node:path'

import type { Artifact, ArtifactFile } from '@imago/core'

import { formatSize } from './format-size.ts'
import { singleLine } from './output-text.ts'

const mostFiles = 10

/** An artifact for people: what it is, its id, size and names, and its files with their sizes and digests. */
export function artifactLines(artifact: Artifact, cwd: string): string[] {
  const files = artifact.files ?? []
  const shown = files.slice(0, mostFiles).map((file) => fileLine(file, cwd))
  const more = files.length > mostFiles ? [`and ${files.length - mostFiles} more files`] : []
  const named = files.length === 1 && (artifact.id === files[0]?.path || artifact.id === digestOf(files[0]))
  if (named && tagsOf(artifact).length === 0) return [`${artifact.type}  ${shown.join('')}`]
  return [[artifact.type, singleLine(artifact.id), ...sizeOf(artifact), ...tagsOf(artifact)].join('  '), ...shown, ...more]
}

function fileLine(file: ArtifactFile, cwd: string): string {
  const digest = digestOf(file)
  return [pathFrom(cwd, file.path), formatSize(file.size), ...(digest === undefined ? [] : [digest])].join('  ')
}

function digestOf(file: ArtifactFile | undefined): string | undefined {
  return file?.sha256 === undefined ? undefined : `sha256:${file.sha256}`
}

function sizeOf(artifact: Artifact): string[] {
  return 'size' in artifact && typeof artifact.size === 'number' ? [formatSize(artifact.size)] : []
}

function tagsOf(artifact: Artifact): string[] {
  if (!('tags' in artifact) || !Array.isArray(artifact.tags)) return []
  return artifact.tags.filter((tag: unknown) => typeof tag === 'string')
}

function pathFrom(cwd: string, path: string): string {
  const shorter = relative(cwd, path)
  return singleLine(shorter.startsWith('..') || isAbsolute(shorter) ? path : shorter)
}
