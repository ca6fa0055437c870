import type { DockerImageArtifact } from '@imago/core'
import { describe, expect, it } from 'vitest'

import { details, fakeEngine } from '../test/fake-engine.ts'
import { dockerTag, tagImage } from './docker-tag.ts'

const image: DockerImageArtifact = {
  type: 'docker-image',
  id: 'sha256:cow',
  imageId: 'sha256:cow',
  size: 3,
  tags: ['old:1'],
  digests: [],
  engine: 'unix:///fake.sock',
}

describe('dockerTag', () => {
  it('reports every mistake', () => {
    const wrong = { repository: 'Cow:1', tags: ['ok', 'not ok'], force: 'yes', forse: true }
    expect(Reflect.apply(dockerTag, undefined, [wrong]).validate?.()).toEqual([
      { path: ['repository'], message: `must be a repository without a tag, such as 'cow' or 'localhost:5000/farm/cow', not "Cow:1"` },
      { path: ['tags', 1], message: `must be a tag: letters, digits, dots, dashes and underscores, such as '1.0', not "not ok"` },
      { path: ['force'], message: 'must be a boolean, not "yes"' },
      { path: ['forse'], message: "unknown option 'forse'", hint: "did you mean 'force'?" },
    ])
    expect(dockerTag({ repository: 'localhost:5000/farm/cow', tags: ['1.0'] }).validate?.()).toEqual([])
  })

  it('never throws, whatever it gets', () => {
    for (const wrong of [{}, { repository: 1, tags: 2 }]) {
      expect(Reflect.apply(dockerTag, undefined, [wrong]).validate?.()).not.toEqual([])
    }
  })

  it('keeps the common options apart', () => {
    const step = dockerTag({ repository: 'cow', only: ['docker'], retry: 2 })
    expect(step).toMatchObject({ only: ['docker'], retry: 2, options: { repository: 'cow' }, input: 'needed', title: 'cow' })
  })
})

describe('tagImage', () => {
  it('adds each name once', async () => {
    const tagged: unknown[] = []
    const engine = fakeEngine({ tag: async (id, name) => void tagged.push([id, name]) })
    const result = await tagImage(engine, image, { repository: 'localhost:5000/cow', tags: ['1.0', 'latest', '1.0'] }, {})
    expect(tagged).toEqual([
      ['sha256:cow', { repository: 'localhost:5000/cow', tag: '1.0' }],
      ['sha256:cow', { repository: 'localhost:5000/cow', tag: 'latest' }],
    ])
    expect(result).toEqual({ ...image, tags: ['old:1', 'localhost:5000/cow:1.0', 'localhost:5000/cow:latest'] })
  })

  it('takes no name away without force', async () => {
    const owners = new Map([
      ['cow:mine', details('sha256:cow')],
      ['cow:theirs', details('sha256:goat')],
    ])
    const engine = fakeEngine({ inspect: async (name) => owners.get(name), tag: async () => undefined })
    const tag = (name: string): Promise<DockerImageArtifact> =>
      tagImage(engine, image, { repository: 'cow', tags: [name], force: false }, {})
    await expect(tag('mine')).resolves.toBeDefined()
    await expect(tag('free')).resolves.toBeDefined()
    await expect(tag('theirs')).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: "the name 'cow:theirs' is that of another image, sha256:goat",
    })
  })
})
