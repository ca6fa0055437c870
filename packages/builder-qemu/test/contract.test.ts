import { builderContract } from '@imago/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'

import { qemu } from '../src/index.ts'
import { guest, makingMs, skipped } from './guest.ts'

/** Machines that go off as soon as they run: what the contract asks for is about the build, not about the guest. */
describe.skipIf(skipped !== '')(`qemu()${skipped}`, { timeout: 200_000 }, () => {
  beforeAll(() => void [guest('kernel'), guest('initrd')], makingMs)

  builderContract({
    describe,
    test,
    afterAll,
    command: undefined,
    cancelMs: 60_000,
    builder: () =>
      qemu({
        diskSize: '1m',
        memory: '256m',
        communicator: 'none',
        kernel: { image: guest('kernel'), initrd: guest('initrd'), commandLine: 'quiet imago=poweroff' },
        result: { format: 'qcow2', path: 'out/disk.qcow2', compress: true },
      }),
  })
})
