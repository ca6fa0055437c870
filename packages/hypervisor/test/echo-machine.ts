import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

import { onTestFinished } from 'vitest'

import type { Keyboard, Screen } from '../src/index.ts'

/** Code of a boot sector that writes `>` to the serial port and to the screen, and then the character and the scan code of each key. */
const bootCode = [
  'b03e', //       mov al, '>'
  'baf803', //     mov dx, 0x3f8
  'ee', //         out dx, al
  'b40e', //       mov ah, 0x0e
  'cd10', //       int 0x10: on the screen
  'b400', // next: mov ah, 0
  'cd16', //       int 0x16: wait for a key
  'baf803', //     mov dx, 0x3f8
  'ee', //         out dx, al
  '88e1', //       mov cl, ah
  'b40e', //       mov ah, 0x0e
  'cd10', //       int 0x10
  '88c8', //       mov al, cl
  'baf803', //     mov dx, 0x3f8
  'ee', //         out dx, al
  'ebea', //       jmp next
]

/** A real machine that says which keys its BIOS has seen. */
export interface EchoMachine {
  readonly keyboard: Keyboard
  readonly screen: Screen
  /** Takes what it says on its serial port. */
  onSerial(take: (chunk: Uint8Array) => void): void
}

/** Starts one in QEMU. It ends with the test. */
export async function startEchoMachine(directory: string): Promise<EchoMachine> {
  const disk = Buffer.alloc(512)
  disk.write(bootCode.join(''), 'hex')
  disk.set([0x55, 0xaa], 510)
  await writeFile(join(directory, 'echo.img'), disk)
  const [serial, monitor] = await Promise.all([socketAt(join(directory, 'serial')), socketAt(join(directory, 'monitor'))])
  const args = ['-accel', 'tcg', '-m', '16', '-display', 'none', '-nodefaults', '-vga', 'std']
  const drive = ['-drive', `file=${join(directory, 'echo.img')},format=raw,if=floppy`]
  const ports = ['-serial', `unix:${join(directory, 'serial')}`, '-qmp', `unix:${join(directory, 'monitor')}`]
  const qemu = spawn('qemu-system-x86_64', [...args, ...drive, ...ports], { stdio: 'ignore' })
  const ended = once(qemu, 'exit')
  onTestFinished(async () => {
    qemu.kill('SIGKILL')
    await ended
  })
  const [serialSocket, execute] = await Promise.all([serial.connection, monitor.connection.then(monitorOf)])
  /** Whether the keyboard's controller has something that the guest has not read: bit 0 of its status, at port 0x64. */
  const hasUnread = async (): Promise<boolean> => {
    const answer = await execute('human-monitor-command', { 'command-line': 'i /b 0x64' })
    return (Number(/= (0x[0-9a-f]+)/.exec(String(answer))?.[1]) & 1) === 1
  }
  return {
    keyboard: {
      async send(events) {
        const inputs = events.map(({ key, down }) => ({ type: 'key', data: { down, key: { type: 'qcode', data: key } } }))
        await execute('input-send-event', { events: inputs })
        for (let looks = 0; looks < 2000 && (await hasUnread()); looks++) await delay(1)
      },
    },
    screen: {
      async capture() {
        const filename = join(directory, 'screen')
        await execute('screendump', { filename })
        return await readFile(filename)
      },
    },
    onSerial: (take) => void serialSocket.on('data', take),
  }
}

/** The first connection to a socket that is listened on from now on. */
async function socketAt(path: string): Promise<{ readonly connection: Promise<Socket> }> {
  const server = createServer()
  server.listen(path)
  await once(server, 'listening')
  const connection = new Promise<Socket>((resolve) => server.once('connection', resolve))
  return { connection: connection.finally(() => server.close()) }
}

type Execute = (command: string, args?: object) => Promise<unknown>

/** Speaks QMP, one command at a time. */
async function monitorOf(socket: Socket): Promise<Execute> {
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  await lines.next() // the greeting
  let last: Promise<unknown> = Promise.resolve()
  const execute: Execute = async (command, args) => await (last = last.catch(() => undefined).then(() => ask(command, args)))
  const ask: Execute = async (command, args = {}) => {
    socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    for (;;) {
      const { value, done } = await lines.next()
      if (done === true) throw new Error('QEMU has gone')
      const answer: object = JSON.parse(value)
      if ('error' in answer) throw new Error(JSON.stringify(answer.error))
      if ('return' in answer) return answer.return
    }
  }
  await execute('qmp_capabilities')
  return execute
}
