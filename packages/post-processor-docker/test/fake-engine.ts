import type { Engine, ImageDetails, Images } from '@imago/docker-engine'

const refuse = (all: readonly string[]): object => Object.fromEntries(all.map((name) => [name, missing(name)]))
const missing = (call: string) => (): never => {
  throw new Error(`nobody expected a call of ${call}`)
}

/** An engine that answers only what a test gives it. */
export function fakeEngine(images: Partial<Images>): Engine {
  const names = ['inspect', 'list', 'pull', 'build', 'tag', 'push', 'save', 'load', 'import', 'remove']
  const calls = [
    'create',
    'start',
    'stop',
    'restart',
    'wait',
    'logs',
    'inspect',
    'remove',
    'list',
    'exec',
    'stat',
    'getArchive',
    'putArchive',
    'commit',
    'export',
  ]
  return {
    endpoint: 'unix:///fake.sock',
    readsPatterns: false,
    images: { ...refuse(names), ...images } as Images, // every call is in one of the two
    containers: refuse(calls) as Engine['containers'], // the same
    networks: { inspect: missing('inspect') },
    version: missing('version'),
    close() {},
  }
}

/** What an engine says of an image that has this id. */
export function details(id: string, tags: readonly string[] = []): ImageDetails {
  return { id, tags, digests: [], size: 3, os: 'linux', architecture: 'amd64', config: {}, layers: [] }
}
