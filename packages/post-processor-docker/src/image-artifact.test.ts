import type { DockerImageArtifact } from '@imago/core'
import type { ImageDetails } from '@imago/docker-engine'
import { describe, expect, it } from 'vitest'

import { details, fakeEngine } from '../test/fake-engine.ts'
import { imageArtifact, removeImage, removeNames } from './image-artifact.ts'

/** An engine's store of images by name. */
function store(names: Record<string, string>): {
  readonly names: Record<string, string>
  readonly engine: ReturnType<typeof fakeEngine>
  readonly removed: string[]
} {
  const removed: string[] = []
  const tagsOf = (id: string): string[] => Object.keys(names).filter((name) => names[name] === id && !name.startsWith('sha256:'))
  const engine = fakeEngine({
    inspect: async (name): Promise<ImageDetails | undefined> => {
      const id = names[name]
      return id === undefined ? undefined : details(id, tagsOf(id))
    },
    remove: async (name) => {
      removed.push(name)
      delete names[name]
    },
  })
  return { names, engine, removed }
}
const cow: DockerImageArtifact = {
  type: 'docker-image',
  id: 'sha256:cow',
  imageId: 'sha256:cow',
  size: 1,
  tags: ['cow:1', 'cow:2'],
  digests: [],
  engine: '',
}

describe('images', () => {
  it('lose only the names that are still theirs', async () => {
    const { engine, removed } = store({ 'cow:1': 'sha256:cow', 'cow:2': 'sha256:goat' })
    await removeNames(engine, 'sha256:cow', ['cow:1', 'cow:2', 'cow:3'], {})
    expect(removed).toEqual(['cow:1'])
  })

  it('go when nobody else has named them', async () => {
    const mine = store({ 'sha256:cow': 'sha256:cow', 'cow:1': 'sha256:cow' })
    await removeImage(mine.engine, cow, {})
    expect(mine.removed).toEqual(['cow:1', 'sha256:cow'])
    const shared = store({ 'sha256:cow': 'sha256:cow', 'cow:1': 'sha256:cow', 'farm:1': 'sha256:cow' })
    await removeImage(shared.engine, cow, {})
    expect(shared.removed).toEqual(['cow:1'])
    const gone = store({})
    await removeImage(gone.engine, cow, {})
    expect(gone.removed).toEqual([])
  })

  it('may be gone', async () => {
    await expect(imageArtifact(store({}).engine, 'cow:1', {})).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })
})
