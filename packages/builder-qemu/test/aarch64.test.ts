import { defineImage } from '@imago/core'
import { waitForText } from '@imago/hypervisor'
import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { qemu } from '../src/index.ts'
import { trial } from './guest.ts'

const skipped = reasonToSkip({
  'qemu-aarch64': 'qemu-system-aarch64 --version && qemu-img --version && test -e /usr/share/qemu/firmware/60-edk2-aarch64.json',
})

describe.skipIf(skipped !== '')(`a machine with another processor${skipped}`, () => {
  test('starts its firmware, is typed at, and goes off', { timeout: 200_000 }, async () => {
    const vm = qemu({
      arch: 'aarch64',
      diskSize: '1m',
      memory: '512m',
      communicator: 'none',
      boot: { command: [waitForText('Shell> '), '<wait2>reset -s<enter>'] },
      shutdown: { timeout: '1m' },
      result: { format: 'none' },
    })
    const { report, events } = await trial(defineImage({ name: 'arm', builders: { vm } }))
    expect(report.builds[0]?.error).toBeUndefined()
    expect(report.builds[0]?.artifact).toEqual({ type: 'discarded', id: `imago-${report.runId}-arm-vm` })
    expect(events.of('message').map(({ text }) => text)).toEqual([expect.stringContaining('accelerator: ')])
  })
})
