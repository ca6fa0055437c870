import { expect, test } from 'vitest'

import { FakeVirtualBox } from '../test/fake-virtualbox.ts'
import { findGuestAdditions } from './guest-additions.ts'

const signal = AbortSignal.timeout(60_000)

test('the installed ones are taken', async () => {
  const box = new FakeVirtualBox('/nowhere')
  box.guestAdditions = import.meta.filename
  expect(await findGuestAdditions(box, signal)).toEqual({ url: import.meta.filename, checksum: 'none' })
})

test.each(['', '/nowhere/VBoxGuestAdditions.iso'])(
  'where none are (%j), those of this version are downloaded, and checked',
  async (path) => {
    const box = new FakeVirtualBox('/nowhere')
    box.guestAdditions = path
    const folder = 'https://download.virtualbox.org/virtualbox/7.2.22'
    expect(await findGuestAdditions(box, signal)).toEqual({
      url: `${folder}/VBoxGuestAdditions_7.2.22.iso`,
      checksum: { url: `${folder}/SHA256SUMS` },
    })
  },
)
