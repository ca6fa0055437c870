import { expect, test } from 'vitest'

import { FakeVirtualBox } from '../test/fake-virtualbox.ts'
import type { GuestAdditions } from './virtualbox-options.ts'
import { findGuestAdditions, guestAdditionsSource } from './guest-additions.ts'

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

test('what the option says comes first, and may be made of the version', async () => {
  const box = new FakeVirtualBox('/nowhere')
  box.guestAdditions = import.meta.filename
  const facts = { buildName: 'vm', builderType: 'virtualbox-iso', runId: 'run', image: 'cow' }
  const iso = { url: 'a.iso', checksum: 'none' } as const
  const source = (given: GuestAdditions['iso']) =>
    guestAdditionsSource({ mode: 'upload', ...(given !== undefined && { iso: given }) }, box, { facts, signal })
  expect(await source(undefined)).toEqual({ url: import.meta.filename, checksum: 'none' })
  expect(await source(iso)).toBe(iso)
  expect(await source(({ virtualBoxVersion, image }) => ({ ...iso, url: `${image}_${virtualBoxVersion}.iso` }))).toEqual({
    url: 'cow_7.2.22.iso',
    checksum: 'none',
  })
  const wrong = (() => ({ url: 7 })) as () => never // as from JavaScript
  await expect(source(wrong)).rejects.toMatchObject({
    code: 'DEFINITION_INVALID',
    message: expect.stringMatching(/^guestAdditions\.iso\.\w+ .*, for VirtualBox 7\.2\.22$/),
  })
})
