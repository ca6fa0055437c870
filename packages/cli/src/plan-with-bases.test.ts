import type { ArtifactReference, Builder, Image, Selection } from '@imago/core'
import { artifactOf, defineImage, plan } from '@imago/core'
import { expect, test } from 'vitest'

import { planWithBases } from './plan-with-bases.ts'

/** A builder that makes nothing, perhaps from what another one makes. */
function builder(from?: ArtifactReference): Builder {
  return {
    kind: 'builder',
    type: 'fake',
    options: { from },
    makes: { type: 'fake', files: false },
    build: () => Promise.resolve({ type: 'fake', id: 'nothing' }),
  }
}

const root = defineImage({ name: 'root', builders: { a: builder(), unused: builder() } })
const base = defineImage({ name: 'base', builders: { a: builder(artifactOf(root, 'a')), b: builder() } })
const web = defineImage({ name: 'web', builders: { a: builder(artifactOf(base, 'a')), b: builder() } })

function planned(images: readonly Image[], selection: Selection = {}): string[] {
  return planWithBases(images, selection, plan).map(({ image, builds }) => `${image}: ${builds.map(({ build }) => build).join(', ')}`)
}

test('has what the builds start from, first, and no more of it', () => {
  expect(planned([web])).toEqual(['root: a', 'base: a', 'web: a, b'])
  expect(planned([web], { only: ['b'] })).toEqual(['web: b'])
})

test('has what is selected, and what is selected starts from', () => {
  expect(planned([base, web], { only: ['web.a'] })).toEqual(['root: a', 'base: a', 'web: a'])
  expect(planned([base, web], { except: ['a'] })).toEqual(['base: b', 'web: b'])
})
