import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ImagoError } from '@imago/core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { PlainRoot } from './plain-root.ts'

const { signal } = new AbortController()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-plain-'))
})
afterAll(async () => await rm(folder, { recursive: true }))

it('takes files, and says why it runs no commands', async () => {
  const reason = new ImagoError('UNSUPPORTED', 'commands run on Linux', { hint: 'use Linux' })
  const root = new PlainRoot(folder, reason)
  const machine = await root.start({ env: {}, cwd: '/' }, signal)
  expect(machine.limits).toEqual([{ what: 'commands', text: 'commands run on Linux', hint: 'use Linux' }])
  const communicator = machine.connect()
  await communicator.upload({ content: 'hello' }, '/srv/hello', { owner: '7:8', mode: 0o4755 })
  expect(await communicator.stat('/srv/hello')).toEqual({ kind: 'file', size: 5 })
  await expect(communicator.exec('true')).rejects.toBe(reason)
  await expect(communicator.exec(['true'])).rejects.toBe(reason)
  await machine.stop(signal)
  const layer = await root.tree.writeChanges({ path: join(folder, 'layer'), compression: 'none', epoch: 0 }, { signal })
  expect(layer).toMatchObject({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer?.diffId })
  await communicator[Symbol.asyncDispose]()
  await expect(communicator.stat('/')).rejects.toMatchObject({ code: 'DISCONNECTED' })
  await root[Symbol.asyncDispose]()
})
