import { ImagoError } from '@imago/core'

/** An image's name in its parts. */
export interface ImageReference {
  /** Host and port of the registry: `docker.io`, `localhost:5000`. */
  readonly registry: string
  /** With `library/` before Docker's official images: `library/debian`. */
  readonly repository: string
  /** Absent when only a digest names the image. */
  readonly tag?: string
  /** `sha256:…` */
  readonly digest?: string
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`)
const tagPattern = /^\w[\w.-]{0,127}$/
const digestPattern = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/
const registryPattern = /^(?:\[[a-fA-F0-9:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::[0-9]{1,5})?$/

/**
 * Takes an image's name apart, as Docker does: `debian` is `docker.io/library/debian:latest`. The first part is a registry when it
 * holds a dot or a port, or is `localhost`.
 * @throws ImagoError `DEFINITION_INVALID` for what is no name of an image
 * @example parseImageReference('localhost:5000/cow:1.0').registry // 'localhost:5000'
 */
export function parseImageReference(text: string): ImageReference {
  const [named = '', digest, ...more] = text.split('@')
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) {
    throw invalid(text, `'${[digest, ...more].join('@')}' is no digest`, "a digest is 'sha256:' and 64 hex digits")
  }
  const lastColon = named.lastIndexOf(':')
  const hasTag = lastColon > named.lastIndexOf('/')
  const tag = hasTag ? named.slice(lastColon + 1) : undefined
  if (tag !== undefined && !tagPattern.test(tag)) {
    throw invalid(text, `'${tag}' is no tag`, 'a tag has up to 128 letters, digits, dots, dashes and underscores')
  }
  const { registry, path } = splitRegistry(hasTag ? named.slice(0, lastColon) : named)
  if (!registryPattern.test(registry))
    throw invalid(text, `'${registry}' is no registry`, "a registry is a host name, and a port if need be: 'localhost:5000'")
  checkRepository(text, path)
  return {
    registry,
    repository: registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path,
    ...(tag !== undefined && { tag }),
    ...(tag === undefined && digest === undefined && { tag: 'latest' }),
    ...(digest !== undefined && { digest }),
  }
}

/** The name in full: `docker.io/library/debian:12`. */
export function formatImageReference(reference: ImageReference): string {
  const { registry, repository, tag, digest } = reference
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

function splitRegistry(name: string): { readonly registry: string; readonly path: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(slash, 0))
  if (first !== 'localhost' && !/[.:[]/.test(first) && first === first.toLowerCase()) return { registry: 'docker.io', path: name }
  return { registry: first === 'index.docker.io' ? 'docker.io' : first, path: name.slice(slash + 1) }
}

function checkRepository(text: string, repository: string): void {
  if (repository === '') throw invalid(text, 'it names no repository')
  if (repositoryPattern.test(repository) && repository.length <= 255 && !/^[a-f0-9]{64}$/.test(repository)) return
  if (repositoryPattern.test(repository.toLowerCase()) && repository !== repository.toLowerCase()) {
    throw invalid(text, `'${repository}' has capital letters`, `write '${repository.toLowerCase()}'`)
  }
  throw invalid(text, `'${repository}' is no repository`, 'a repository has small letters, digits, and single separators between them')
}

function invalid(text: string, why: string, hint?: string): ImagoError {
  return new ImagoError('DEFINITION_INVALID', `'${text}' is no name of an image: ${why}`, { ...(hint !== undefined && { hint }) })
}
