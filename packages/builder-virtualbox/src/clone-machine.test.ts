import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { wait } from '@imago/core'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { FakeVirtualBox } from '../test/fake-virtualbox.ts'
import { cloneMachine } from './clone-machine.ts'
import type { VirtualBoxVmOptions } from './virtualbox-options.ts'
import type { VirtualBox } from './virtualbox.ts'

const { signal } = new AbortController()
let folder: string
let fake: FakeVirtualBox
/** How many commands that change a machine were under way at once, at most. */
let most: number
let box: VirtualBox

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'imago-clone-'))
  fake = new FakeVirtualBox(folder)
  let running = 0
  most = 0
  box = {
    async manage(command) {
      if (command[0] === 'showvminfo') return await fake.manage(command)
      most = Math.max(most, ++running)
      await wait(20, signal)
      running--
      return await fake.manage(command)
    },
  }
})
afterEach(() => rmSync(folder, { recursive: true }))

async function clone(name: string, options: Pick<VirtualBoxVmOptions, 'vm' | 'clone'>): Promise<void> {
  await cloneMachine({ ...options, communicator: 'none', result: { format: 'none' } }, { box, name, base: folder, signal })
}

test('one machine is cloned once at a time, whatever it is called and however it is cloned', async () => {
  fake.add('base')
  await Promise.all([
    clone('full', { vm: 'uuid-of-base', clone: 'full' }),
    clone('linked', { vm: 'base' }),
    clone('another', { vm: 'base', clone: 'linked' }),
  ])
  expect(most).toBe(1)
  expect(fake.said('snapshot')).toHaveLength(1)
  expect([...fake.machines.keys()]).toEqual(expect.arrayContaining(['full', 'linked', 'another']))
})

test('two machines are cloned at once', async () => {
  fake.add('one')
  fake.add('other')
  await Promise.all([clone('a', { vm: 'one', clone: 'full' }), clone('b', { vm: 'other', clone: 'full' })])
  expect(most).toBe(2)
})
