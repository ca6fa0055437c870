import type { Material } from '@imago/core'
import { expect, test } from 'vitest'

import { noteSource } from './note-source.ts'

function noted(url: string | readonly string[], sha256?: string): readonly Material[] {
  const materials: Material[] = []
  noteSource(
    { url, checksum: 'none' },
    { path: '/x', ...(sha256 !== undefined && { sha256 }) },
    { startsFrom: (one) => void materials.push(one) },
  )
  return materials
}

test('an image is told by its digest, and its address without what may be secret', () => {
  expect(noted(['https://me:hush@example.org/debian.iso?token=hush', 'https://other.example'], 'ab')).toEqual([
    { name: 'debian.iso', uri: 'https://example.org/debian.iso?…', digest: { sha256: 'ab' } },
  ])
  expect(noted('disks/base.qcow2', 'ab')).toEqual([{ name: 'disks/base.qcow2', digest: { sha256: 'ab' } }])
  expect(noted('disks/base.qcow2')).toEqual([])
})
