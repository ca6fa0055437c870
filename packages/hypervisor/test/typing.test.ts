import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Facts } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { BootCommand } from '../src/index.ts'
import { SerialConsole, typeBootCommand, waitForScreen, waitForText } from '../src/index.ts'
import { startEchoMachine } from './echo-machine.ts'
import { patient, temporaryFolder } from './folder.ts'

const skipped = reasonToSkip({ qemu: 'qemu-system-x86_64 --version' })
const facts: Facts = { buildName: 'vm', builderType: 'qemu', runId: 'run', image: 'image' }
const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')

describe.skipIf(skipped !== '')(`a machine in QEMU${skipped}`, () => {
  test('sees every key as it was meant, and its screen is recognised', async () => {
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
    await writeFile(join(directory, 'prompt.png'), await machine.screen.capture(patient))

    // twice, at the default speed
    await type(printable.replace('<', '<lt>').repeat(2))
    await expect.poll(() => seen.map(({ character }) => character).join('')).toBe(printable.repeat(2))

    const named = '<enter><esc><tab><bs><up><down><left><right><home><end><pageUp><pageDown><insert><del><f1><f10>'
    await type(named)
    const codes = [0x1c, 0x01, 0x0f, 0x0e, 0x48, 0x50, 0x4b, 0x4d, 0x47, 0x4f, 0x49, 0x51, 0x52, 0x53, 0x3b, 0x44]
    await expect.poll(() => seen.map(({ scancode }) => scancode)).toEqual(codes)

    await type('<leftCtrlOn>c<leftCtrlOff>c<leftShiftOn>ab<leftShiftOff>ab')
    await expect.poll(() => seen.map(({ character }) => character).join('')).toBe('\u0003cABab')

    // QEMU knows these, though the BIOS has no character for them
    await type('<f11><f12><menu><leftAlt><rightAlt><rightCtrl><leftShift><rightShift><leftSuper><rightSuper>')

    const sees = (tolerance: number): Promise<void> => type([waitForScreen('prompt.png', { tolerance, timeout: 1 })])
    await expect(sees(0)).rejects.toThrow(/the screen did not look like 'prompt\.png' within 1ms; it differs by \d+\.\d %, and 0 % may/)
    await sees(90)
  })
})
