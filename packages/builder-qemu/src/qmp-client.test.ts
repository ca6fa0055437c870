import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isImagoError } from '@imago/core'
import { expect, onTestFinished, test } from 'vitest'

import { QmpClient } from './qmp-client.ts'
import type { QmpEvent } from './qmp-message.ts'

const greeting = '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}\r\n'
const never = new AbortController().signal

interface FakeQemu {
  readonly path: string
  /** What it was sent, as JSON. */
  readonly heard: { execute: string; arguments: object; id: number }[]
  /** The client's connection, once there is one. */
  readonly client: Promise<Socket>
}

/** Speaks the protocol at a socket: greets, and answers what `answer` says; without an answer it is silent. */
async function fakeQemu(answer: (command: string, id: number) => string | undefined, greets = true): Promise<FakeQemu> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-qmp-'))
  const server: Server = createServer()
  const heard: FakeQemu['heard'] = []
  const client = new Promise<Socket>((resolve) => {
    server.on('connection', (socket) => {
      if (greets) socket.write(greeting)
      socket.on('error', () => undefined)
      socket.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n').filter(Boolean)) {
          const command = JSON.parse(line) as FakeQemu['heard'][number]
          heard.push(command)
          const reply = command.execute === 'qmp_capabilities' ? `{"return": {}, "id": ${command.id}}` : answer(command.execute, command.id)
          if (reply !== undefined) socket.write(`${reply}\r\n`)
        }
      })
      resolve(socket)
    })
  })
  const path = join(folder, 'qmp')
  server.listen(path)
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { path, heard, client }
}

async function connected(answer: (command: string, id: number) => string | undefined): Promise<{ qmp: QmpClient; qemu: FakeQemu }> {
  const qemu = await fakeQemu(answer)
  const qmp = await QmpClient.connect(qemu.path, never)
  onTestFinished(() => qmp.close())
  return { qmp, qemu }
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'no error',
    (error: unknown) => error,
  )
}

test('takes on the capabilities after the greeting, and numbers its commands', async () => {
  const { qmp, qemu } = await connected((command, id) => `{"return": {"said": "${command}"}, "id": ${id}}`)
  expect(await qmp.execute('query-status')).toEqual({ said: 'query-status' })
  await qmp.execute('screendump', { filename: '/tmp/x' })
  expect(qemu.heard).toEqual([
    { execute: 'qmp_capabilities', arguments: {}, id: 1 },
    { execute: 'query-status', arguments: {}, id: 2 },
    { execute: 'screendump', arguments: { filename: '/tmp/x' }, id: 3 },
  ])
})

test('answers reach who asked, in whatever order and pieces they come', async () => {
  const { qmp, qemu } = await connected(() => undefined)
  const first = qmp.execute('a')
  const second = qmp.execute('b')
  const socket = await qemu.client
  socket.write('{"return": "for b", "id": 3}\r\n{"retu')
  socket.write('rn": "for a", "id": 2}\r\n')
  expect(await Promise.all([first, second])).toEqual(['for a', 'for b'])
})

test('a refusal holds the words of QEMU', async () => {
  const { qmp } = await connected((_, id) => `{"error": {"class": "GenericError", "desc": "Device 'x' not found"}, "id": ${id}}`)
  const error = await failure(qmp.execute('device_del', { id: 'x' }))
  expect(error).toMatchObject({ code: 'PROVIDER_FAILED', message: "QEMU refuses 'device_del': Device 'x' not found" })
})

test('events reach their listeners, and what is not understood is passed over', async () => {
  const { qmp, qemu } = await connected((_, id) => `{"return": {}, "id": ${id}}`)
  const events: QmpEvent[] = []
  const stop = qmp.onEvent((event) => events.push(event))
  const socket = await qemu.client
  socket.write('nonsense\r\n{"event": "SHUTDOWN", "data": {"guest": true}, "timestamp": {"seconds": 1}}\r\n{"new": 1}\r\n')
  await qmp.execute('query-status')
  stop()
  socket.write('{"event": "RESET"}\r\n')
  await qmp.execute('query-status')
  expect(events).toEqual([{ name: 'SHUTDOWN', data: { guest: true } }])
})

test('when QEMU goes, whoever waits is told', async () => {
  const { qmp, qemu } = await connected(() => undefined)
  const waiting = failure(qmp.execute('query-status'))
  const socket = await qemu.client
  socket.destroy()
  expect(await waiting).toMatchObject({ code: 'MACHINE_LOST' })
  await qmp.closed
  expect(await failure(qmp.execute('cont'))).toMatchObject({ code: 'MACHINE_LOST' })
})

test('a signal ends the wait for an answer, and the answer that comes late disturbs nothing', async () => {
  const { qmp, qemu } = await connected((command, id) => (command === 'slow' ? undefined : `{"return": {}, "id": ${id}}`))
  const abort = new AbortController()
  const waiting = failure(qmp.execute('slow', {}, abort.signal))
  abort.abort()
  expect(await waiting).toMatchObject({ code: 'CANCELLED' })
  const socket = await qemu.client
  socket.write('{"return": "late", "id": 2}\r\n')
  expect(await qmp.execute('query-status')).toEqual({})
  expect(await failure(qmp.execute('x', {}, abort.signal))).toMatchObject({ code: 'CANCELLED' })
})

test('a path where nobody listens, and a listener that is silent', async () => {
  expect(await failure(QmpClient.connect(join(tmpdir(), 'imago-nobody'), never))).toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message: expect.stringContaining('ENOENT') as unknown,
  })
  const { path, client } = await fakeQemu(() => undefined, false)
  const abort = new AbortController()
  const connecting = failure(QmpClient.connect(path, abort.signal))
  await client
  abort.abort()
  expect(await connecting).toSatisfy((error) => isImagoError(error, 'CANCELLED'))
})
