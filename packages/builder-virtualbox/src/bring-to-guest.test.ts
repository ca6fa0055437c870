import type { Facts } from '@imago/core'
import { buildContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { bringToGuest } from './bring-to-guest.ts'
import type { CommonOptions } from './virtualbox-options.ts'

const facts = { buildName: 'vm', builderType: 'virtualbox-iso', runId: 'run', image: 'cow', virtualBoxVersion: '7.0.20' }

/** What goes where. */
async function brought(options: Pick<CommonOptions, 'versionFile' | 'guestAdditions'>): Promise<readonly (readonly [unknown, string])[]> {
  const uploads: (readonly [unknown, string])[] = []
  const way = {
    upload(source: unknown, destination: string): Promise<void> {
      uploads.push([source, destination])
      return Promise.resolve()
    },
  }
  const ctx = buildContext({ runId: 'run', image: 'cow', build: 'vm', directory: '/definition', workDirectory: '/work' })
  await bringToGuest(way, options, { ctx, guestAdditions: '/cache/additions.iso', facts })
  return uploads
}

test('the version and the Guest Additions', async () => {
  expect(await brought({ versionFile: '.vbox_version', guestAdditions: { mode: 'upload' } })).toEqual([
    [{ content: '7.0.20' }, '.vbox_version'],
    [{ path: '/cache/additions.iso' }, 'VBoxGuestAdditions.iso'],
  ])
})

test('the path of the Guest Additions may hold the version', async () => {
  const path = ({ virtualBoxVersion }: Facts): string => `additions_${String(virtualBoxVersion)}.iso`
  expect(await brought({ guestAdditions: { mode: 'upload', path } })).toEqual([[{ path: '/cache/additions.iso' }, 'additions_7.0.20.iso']])
})

test('nothing that was not asked for', async () => {
  expect(await brought({})).toEqual([])
  expect(await brought({ guestAdditions: { mode: 'attach' } })).toEqual([])
})
