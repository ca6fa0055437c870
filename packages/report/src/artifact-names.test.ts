import type { Artifact } from '@imago/core'
import { expect, test } from 'vitest'

import { artifactNames, artifactSize } from './artifact-names.ts'

test('an image in an engine has tags and a size, one in an archive has a tag, and others have neither', () => {
  const artifacts: readonly (Artifact & Record<string, unknown>)[] = [
    { type: 'docker-image', id: 'sha256:1', tags: ['web:1', 7, 'web:2'], size: 12 },
    { type: 'oci-archive', id: 'sha256:2', tag: 'web:3' },
    { type: 'files', id: 'x', size: 'large' },
  ]
  expect(artifacts.map((artifact) => [artifactNames(artifact), artifactSize(artifact)])).toEqual([
    [['web:1', 'web:2'], 12],
    [['web:3'], undefined],
    [[], undefined],
  ])
})
