import type { ImageReference } from './image-reference.ts'

/**
 * An image as a package URL: `pkg:docker/debian@12` (https://github.com/package-url/purl-spec). A digest takes the place of the tag.
 */
export function imagePackageUrl({ registry, repository, tag, digest }: ImageReference): string {
  const isDockers = registry === 'docker.io'
  const path = (isDockers ? repository.replace(/^library\//, '') : repository).split('/').map(encodeURIComponent).join('/')
  const version = encodeURIComponent(digest ?? tag ?? 'latest').replace('%3A', ':')
  return `pkg:docker/${path}@${version}${isDockers ? '' : `?repository_url=${encodeURIComponent(registry)}`}`
}
