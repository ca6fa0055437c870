import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'

import type { Facts } from '@imago/core'
import { encode } from 'fast-png'
import { describe, expect, test } from 'vitest'

import { patient, temporaryFolder } from '../test/folder.ts'
import { waitForScreen, waitForText } from './boot-wait.ts'
import type { BootContext } from './type-boot-command.ts'
import { typeBootCommand } from './type-boot-command.ts'
import { SerialConsole } from './serial-console.ts'
import type { KeyEvent } from './key.ts'
import type { Keyboard } from './type-steps.ts'

const facts: Facts = { buildName: 'vm', builderType: 'qemu', runId: 'run', image: 'cow', httpUrl: 'http://10.0.2.2:8000/abc' }

/** A keyboard that writes down what is typed on it. */
class RecordingKeyboard implements Keyboard {
  readonly sent: string[] = []
  readonly times: number[] = []

  async send(events: readonly KeyEvent[]): Promise<void> {
    this.times.push(performance.now())
    this.sent.push(events.map(({ key, down }) => `${down ? '+' : '-'}${key}`).join(''))
  }
}

function context(overrides: Partial<BootContext> = {}): BootContext & { readonly keyboard: RecordingKeyboard } {
  return { facts, signal: patient, directory: '/', ...overrides, keyboard: new RecordingKeyboard() }
}

describe('keys', () => {
  test('one character is sent at a time, with a wait after it', async () => {
    const ctx = context()
    await typeBootCommand({ wait: 0, command: 'aB<enter>', keyInterval: 20 }, ctx)
    expect(ctx.keyboard.sent).toEqual(['+a-a', '+shift+b-b-shift', '+ret-ret'])
    const [first = 0, , last = 0] = ctx.keyboard.times
    expect(last - first).toBeGreaterThanOrEqual(38)
  })

  test('a keyboard that takes several at once gets them together, up to the next wait', async () => {
    const ctx = context()
    const keyboard = Object.assign(ctx.keyboard, { keysAtOnce: 3 })
    await typeBootCommand({ wait: 0, command: 'abcd<leftShiftOn>E<wait1ms>f<leftShiftOff>', keyInterval: 10 }, { ...ctx, keyboard })
    expect(keyboard.sent).toEqual(['+a-a+b-b+c-c', '+d-d+shift+e-e', '+f-f-shift'])
    const [first = 0, second = 0] = keyboard.times
    expect(second - first).toBeGreaterThanOrEqual(28)
  })

  test('of what is sent together, nothing stays down when that fails', async () => {
    const ctx = context()
    const keyboard: Keyboard & { readonly sent: string[] } = {
      sent: [],
      keysAtOnce: 9,
      async send(events) {
        this.sent.push(events.map(({ key, down }) => `${down ? '+' : '-'}${key}`).join(''))
        if (this.sent.length === 1) throw new Error('no')
      },
    }
    await expect(typeBootCommand({ wait: 0, command: '<aOn>b' }, { ...ctx, keyboard })).rejects.toThrow('no')
    expect(keyboard.sent).toEqual(['+a+b-b', '-a-b'])
  })

  test('facts make the command', async () => {
    const ctx = context()
    await typeBootCommand({ wait: 0, keyInterval: 0, command: ({ httpUrl }) => [httpUrl?.slice(-3) ?? ''] }, ctx)
    expect(ctx.keyboard.sent).toEqual(['+a-a', '+b-b', '+c-c'])
  })

  test('a command with mistakes that a function made is reported before anything is typed', async () => {
    const ctx = context()
    const typed = typeBootCommand({ wait: 0, command: () => ['a', '<entr>'] }, ctx)
    await expect(typed).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      message: expect.stringMatching(
        /^the boot command has mistakes:\n {2}boot\.command\[1\]: there is no key '<entr>' \(did you mean '<enter>'/,
      ),
      issues: [{ path: ['boot', 'command', 1] }],
    })
    expect(ctx.keyboard.sent).toEqual([])
  })

  test('a shift that is held stays down after characters that need it', async () => {
    const ctx = context()
    await typeBootCommand({ wait: 0, keyInterval: 0, command: '<leftShiftOn>A<leftShiftOff>A' }, ctx)
    expect(ctx.keyboard.sent).toEqual(['+shift', '+a-a', '-shift', '+shift+a-a-shift'])
  })

  test('no key stays down, also when it fails or is cancelled', async () => {
    const ctx = context()
    await typeBootCommand({ wait: 0, keyInterval: 0, command: '<leftCtrlOn><leftAltOn>x' }, ctx)
    expect(ctx.keyboard.sent).toEqual(['+ctrl', '+alt', '+x-x', '-ctrl-alt'])

    const cancelling = new AbortController()
    const cancelled = context({ signal: cancelling.signal })
    const typing = typeBootCommand({ wait: 0, keyInterval: 0, command: '<leftCtrlOn><wait1h>' }, cancelled)
    await expect.poll(() => cancelled.keyboard.sent).toEqual(['+ctrl'])
    cancelling.abort()
    await expect(typing).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(cancelled.keyboard.sent).toEqual(['+ctrl', '-ctrl'])
  })

  test('when there is nothing to type, there is only what is to be waited for', async () => {
    const cancelled = { ...context(), signal: AbortSignal.abort() }
    await expect(typeBootCommand({ wait: '1h' }, cancelled)).rejects.toMatchObject({ code: 'CANCELLED' })
    await typeBootCommand({ wait: 1 }, context())
    await typeBootCommand({}, context())
    expect(context().keyboard.sent).toEqual([])
  })
})

describe('waits for text', () => {
  const write = (serial: SerialConsole, text: string): void => serial.write(Buffer.from(text))

  test('what comes later, or has come before, is found, and each wait looks behind the one before it', async () => {
    const serial = new SerialConsole()
    write(serial, 'Welcome\r\nboot: ')
    const ctx = context({ serial })
    const command = [waitForText('boot:'), 'a', waitForText('boot:'), 'b', waitForText(/^login: $/m), 'c']
    const typing = typeBootCommand({ keyInterval: 0, command }, ctx)
    await expect.poll(() => ctx.keyboard.sent).toEqual(['+a-a'])
    write(serial, 'booting bo')
    write(serial, 'ot: ')
    await expect.poll(() => ctx.keyboard.sent).toEqual(['+a-a', '+b-b'])
    write(serial, '\r\nlogin: ')
    await typing
    expect(ctx.keyboard.sent).toEqual(['+a-a', '+b-b', '+c-c'])
  })

  test('control sequences of terminals do not hide text, wherever they are cut', async () => {
    const serial = new SerialConsole()
    for (const byte of Buffer.from('\u001B[1;31mI\u001B[0;32mn\u001B(Bs\u001B]0;title\u0007t\u001B7all\u001B[?25l\u0000er é'))
      serial.write(Uint8Array.of(byte))
    await serial.waitFor({ pattern: 'Installer é', timeoutMs: 1, signal: patient })
    expect(serial.lastLines(1)).toBe('Installer é')
  })

  test('what does not come in time is an error that quotes the last lines', async () => {
    const serial = new SerialConsole()
    const wanted = typeBootCommand({ command: [waitForText('login:', { timeout: 30 })] }, context({ serial }))
    await expect(wanted).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: "the serial console did not say 'login:' within 30ms; it has said nothing",
      hint: expect.stringContaining('console=ttyS0'),
    })
    write(serial, 'one\r\ntwo\r\n\r\nthree\r\nKernel panic\r\n')
    await expect(typeBootCommand({ command: [waitForText(/login/i, { timeout: 30 })] }, context({ serial }))).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'the serial console did not say /login/i within 30ms; the last that it said was:\ntwo\nthree\nKernel panic',
    })
  })

  test('a machine without a serial console, and a cancelled wait', async () => {
    await expect(typeBootCommand({ command: [waitForText('a')] }, context())).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    const cancelling = new AbortController()
    const waiting = typeBootCommand({ command: [waitForText('a')] }, context({ serial: new SerialConsole(), signal: cancelling.signal }))
    cancelling.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('memory does not grow with what a machine says, and the end can still be found', async () => {
    const serial = new SerialConsole()
    const line = Buffer.from(`${'x'.repeat(1023)}\n`)
    for (let count = 0; count < 3000; count++) serial.write(line)
    write(serial, 'the end')
    await serial.waitFor({ pattern: /the end$/, timeoutMs: 1, signal: patient })
    expect(serial.lastLines(1e9).length).toBeLessThan(600_000)
  })
})

describe('waits for a screen', () => {
  const size = { width: 20, height: 10 }
  const grey = (level: number): Uint8Array => new Uint8Array(size.width * size.height * 3).fill(level)
  const png = (rgb: Uint8Array): Uint8Array => encode({ ...size, data: rgb, channels: 3 })
  const withPixels = (count: number): Uint8Array => grey(0).fill(255, 0, count * 3)

  async function folderWith(picture: Uint8Array): Promise<string> {
    const directory = await temporaryFolder()
    await writeFile(join(directory, 'menu.png'), picture)
    return directory
  }

  test('it is waited for until it looks as it should', async () => {
    const directory = await folderWith(png(grey(200)))
    const screens = [png(grey(0)), png(grey(100)), png(grey(200))]
    const screen = { capture: async () => screens.shift() ?? png(grey(0)) }
    const ctx = context({ directory, screen })
    await typeBootCommand({ keyInterval: 0, command: [waitForScreen('menu.png'), 'a'] }, ctx)
    expect(ctx.keyboard.sent).toEqual(['+a-a'])
    expect(screens).toEqual([])
  })

  test('some pixels may differ, in all of it or in a region', async () => {
    const directory = await folderWith(png(grey(0)))
    const look = async (pixels: number, options: object): Promise<void> => {
      const screen = { capture: async () => png(withPixels(pixels)) }
      await typeBootCommand({ command: [waitForScreen('menu.png', { timeout: 1, ...options })] }, context({ directory, screen }))
    }
    await look(2, {}) // 1 % of 200
    await expect(look(3, {})).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: "the screen did not look like 'menu.png' within 1ms; it differs by 1.5 %, and 1 % may",
    })
    await look(3, { tolerance: 1.5 })
    await look(20, { tolerance: 0, region: { x: 0, y: 1, width: 20, height: 9 } })
    await expect(look(20, { region: { x: 10, y: 0, width: 10, height: 2 } })).rejects.toThrow('it differs by 50.0 %, and 1 % may')
    await expect(look(0, { region: { x: 10, y: 0, width: 11, height: 2 } })).rejects.toThrow(
      'the region ends at 21x2, outside of the screen, which has 20x10 pixels',
    )
  })

  test('colours that hardly differ are the same; PPM, palettes, grey, transparency and 16 bits are read', async () => {
    const directory = await folderWith(png(grey(128)))
    const ppm = Buffer.concat([Buffer.from('P6\n# by a screen\n20 10\n255\n'), grey(140)])
    const pixels = size.width * size.height
    const pictures: readonly Uint8Array[] = [
      ppm,
      encode({ ...size, data: new Uint8Array(pixels).fill(128), channels: 1 }),
      encode({ ...size, data: new Uint8Array(pixels * 2).fill(128), channels: 2 }),
      encode({ ...size, data: new Uint8Array(pixels * 4).fill(128), channels: 4 }),
      encode({ ...size, data: new Uint16Array(pixels * 3).fill(128 << 8), channels: 3, depth: 16 }),
      encode({
        ...size,
        data: new Uint8Array(pixels).fill(1),
        channels: 1,
        depth: 8,
        palette: [
          [0, 0, 0],
          [128, 128, 128],
        ],
      }),
    ]
    for (const picture of pictures) {
      const screen = { capture: async () => picture }
      await typeBootCommand({ command: [waitForScreen('menu.png', { timeout: 1, tolerance: 0 })] }, context({ directory, screen }))
    }
    expect(pictures.length).toBe(6)
  })

  test('a screen of another size is waited for too, and named in the end', async () => {
    const directory = await folderWith(png(grey(0)))
    const screen = { capture: async () => encode({ width: 1, height: 1, data: Uint8Array.of(0, 0, 0), channels: 3 }) }
    const waiting = typeBootCommand({ command: [waitForScreen('menu.png', { timeout: 120 })] }, context({ directory, screen }))
    await expect(waiting).rejects.toThrow('the screen has 1x1 pixels, and the picture 20x10')
  })

  test('a picture that is not there or is none, and a machine without a screen', async () => {
    const directory = await folderWith(Buffer.from('no picture'))
    const screen = { capture: async () => png(grey(0)) }
    const see = (reference: string, overrides: object): Promise<void> =>
      typeBootCommand({ command: [waitForScreen(reference)] }, context({ directory, ...overrides }))
    await expect(see('menu.png', { screen })).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('menu.png') })
    await expect(see('none.png', { screen })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    await expect(see('menu.png', {})).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('the machine has none'),
    })
  })
})
