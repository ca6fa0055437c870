import { reveal } from '@imago/core'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'

import { createKeyPair } from './key-pair.ts'

test('every pair is well-formed, also those whose numbers begin with zeros', async () => {
  const pairs = await Promise.all(Array.from({ length: 2000 }, () => createKeyPair('some build')))
  const parsed = pairs.map(({ privateKey }) => ssh2.utils.parseKey(reveal(privateKey)))
  expect(parsed.filter((key) => key instanceof Error)).toEqual([])
  const blobs = parsed.map((key) => (key instanceof Error ? '' : key.getPublicSSH().toString('base64')))
  expect(pairs.map(({ publicKey }) => publicKey.split(' ')[1])).toEqual(blobs)
})
