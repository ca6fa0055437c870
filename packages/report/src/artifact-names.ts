import type { Artifact } from '@imago/core'

/** The names that an image has: `tags` in an engine, `tag` in an archive. */
export function artifactNames(artifact: Artifact): string[] {
  const tags: readonly unknown[] = 'tags' in artifact && Array.isArray(artifact.tags) ? artifact.tags : []
  return [...tags, ...('tag' in artifact ? [artifact.tag] : [])].filter((name) => typeof name === 'string')
}

/** The size in bytes that an artifact says of itself. */
export function artifactSize(artifact: Artifact): number | undefined {
  return 'size' in artifact && typeof artifact.size === 'number' ? artifact.size : undefined
}
