import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Facts } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { BootCommand, Screen, ScreenRegion, WaitForScreenOptions } from '../src/index.ts'
import { SerialConsole, typeBootCommand, waitForScreen, waitForText } from '../src/index.ts'
import { decodePicture } from '../src/picture.ts'
import { startEchoMachine } from './echo-machine.ts'
import { patient, temporaryFolder } from './folder.ts'

const skipped = reasonToSkip({ qemu: 'qemu-system-x86_64 --version' })
const facts: Facts = { buildName: 'vm', builderType: 'qemu', runId: 'run', image: 'image' }
const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')

describe.skipIf(skipped !== '')(`a machine in QEMU${skipped}`, () => {
  test('sees every key as it was meant', async () => {
    const directory = await temporaryFolder()
    const machine = await startEchoMachine(directory)
    const serial = new SerialConsole()
    const seen: { readonly character: string; readonly scancode: number }[] = []
    let bytes: number[] = []
    machine.onSerial((chunk) => {
      serial.write(chunk)
      bytes.push(...chunk)
      for (; bytes.length > 2; bytes = bytes.slice(2)) seen.push({ character: String.fromCharCode(bytes[1] ?? 0), scancode: bytes[2] ?? 0 })
    })
    const type = async (command: BootCommand): Promise<void> => {
      seen.length = 0
      const { keyboard, screen } = machine
      await typeBootCommand({ wait: 0, command }, { facts, signal: patient, directory, keyboard, screen, serial })
    }

    await type([waitForText('>', { timeout: '20s' })])

    // twice, at the default speed
    await type(printable.replace('<', '<lt>').repeat(2))
    await expect.poll(() => seen.map(({ character }) => character).join(''), { timeout: 20_000 }).toBe(printable.repeat(2))

    const named = '<enter><esc><tab><bs><up><down><left><right><home><end><pageUp><pageDown><insert><del><f1><f10>'
    await type(named)
    const codes = [0x1c, 0x01, 0x0f, 0x0e, 0x48, 0x50, 0x4b, 0x4d, 0x47, 0x4f, 0x49, 0x51, 0x52, 0x53, 0x3b, 0x44]
    await expect.poll(() => seen.map(({ scancode }) => scancode), { timeout: 20_000 }).toEqual(codes)

    await type('<leftCtrlOn>c<leftCtrlOff>c<leftShiftOn>ab<leftShiftOff>ab')
    await expect.poll(() => seen.map(({ character }) => character).join(''), { timeout: 20_000 }).toBe('\u0003cABab')

    // QEMU knows these, though the BIOS has no character for them
    await type('<f11><f12><menu><leftAlt><rightAlt><rightCtrl><leftShift><rightShift><leftSuper><rightSuper>')
  })

  test('is waited for until a part of its screen looks as in a picture', async () => {
    const directory = await temporaryFolder()
    const machine = await startEchoMachine(directory)
    const serial = new SerialConsole()
    let keys = 0
    machine.onSerial((chunk) => {
      serial.write(chunk)
      keys += chunk.length / 2
    })
    let captures = 0
    const screen: Screen = {
      capture: async (signal) => {
        const picture = await machine.screen.capture(signal)
        captures++
        return picture
      },
    }
    const type = async (command: BootCommand): Promise<void> => {
      await typeBootCommand({ wait: 0, command }, { facts, signal: patient, directory, keyboard: machine.keyboard, screen, serial })
    }
    const put = async (characters: string): Promise<void> => {
      const before = keys
      await type(characters)
      await expect.poll(() => keys - before, { timeout: 20_000 }).toBeGreaterThanOrEqual(characters.replaceAll('<bs>', '.').length)
    }
    await type([waitForText('>', { timeout: '20s' })])
    await put('MMMMMMMM')
    const wanted = await screen.capture(patient)
    await writeFile(join(directory, 'menu.png'), wanted)
    await put(`${'<bs>'.repeat(8)}........`)
    const region = await changed(wanted, await screen.capture(patient))

    const menu = (options: WaitForScreenOptions) => type([waitForScreen('menu.png', options)])
    await menu({ timeout: 1 }) // of all of the screen it is less than one percent
    const corner = { x: 0, y: 0, width: 9, height: 16 }
    await menu({ tolerance: 0, region: corner, timeout: 1 })
    await expect(menu({ tolerance: 10, region, timeout: 1 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/^the screen did not look like 'menu\.png' within 1ms; it differs by [2-9]\d\.\d %, and 10 % may$/),
    })

    let isOver = false
    const waiting = menu({ tolerance: 10, region, timeout: '30s' }).finally(() => (isOver = true))
    const before = captures
    await expect.poll(() => captures - before, { timeout: 20_000 }).toBeGreaterThan(1)
    expect(isOver).toBe(false)
    await put(`${'<bs>'.repeat(8)}MMMMMMMM`)
    await waiting
  })
})

/** The part of the screen in which two pictures of it differ. */
async function changed(one: Uint8Array, other: Uint8Array): Promise<ScreenRegion> {
  const [a, b] = await Promise.all([decodePicture(one, 'one'), decodePicture(other, 'other')])
  const columns: number[] = []
  const rows: number[] = []
  for (let at = 0; at < a.rgb.length; at += 3) {
    if (a.rgb[at] === b.rgb[at]) continue
    columns.push((at / 3) % a.width)
    rows.push(Math.floor(at / 3 / a.width))
  }
  const [x, y] = [Math.min(...columns), Math.min(...rows)]
  return { x, y, width: Math.max(...columns) - x + 1, height: Math.max(...rows) - y + 1 }
}
