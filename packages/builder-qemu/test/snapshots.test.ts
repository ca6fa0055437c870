import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { Report } from '@imago/core'
import { cachedSnapshots, defineImage, pruneCache } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
import { beforeAll, describe, expect, test } from 'vitest'

import { plugin, qemu } from '../src/index.ts'
import { guestDisk, makingMs, skipped, temporaryFolder, trial } from './guest.ts'

describe.skipIf(skipped !== '')(`snapshots with the machine's memory${skipped}`, () => {
  beforeAll(() => void guestDisk(), makingMs)

  const cow = (last: string, accelerator: 'auto' | 'tcg' = 'auto') => {
    const { disk, key } = guestDisk()
    return defineImage({
      name: 'cow',
      builders: {
        vm: qemu({
          disk,
          accelerator,
          live: true,
          extraDisks: [{ size: '8m' }],
          ssh: { key },
          shutdown: { command: 'sync; poweroff -f' },
          result: { format: 'qcow2', path: 'out/cow.qcow2' },
        }),
      },
      provisioners: [
        shell({ inline: ['cat /proc/sys/kernel/random/boot_id >/run/first', 'nohup sleep 1000 >/dev/null 2>&1 &'] }),
        shell({ inline: ['printf moo >/dev/vdb; printf two >/srv/two'] }),
        shell({ inline: [last] }),
      ],
    })
  }

  test('a build goes on from one without a boot, with all that was in memory and on the disks', { timeout: 200_000 }, async () => {
    const directory = await temporaryFolder()
    const first = await trial(cow('printf three | tee /srv/three >/dev/vdb; sync'), { directory, cache: true })
    expect(first.report.builds[0]?.error).toBeUndefined()
    const look =
      'cmp /run/first /proc/sys/kernel/random/boot_id && pgrep -x sleep >/dev/null && echo 3 >/proc/sys/vm/drop_caches && head -c3 /dev/vdb && cat /srv/* && date +%s'
    const began = Math.floor(Date.now() / 1000)
    const second = await trial(cow(look), { directory, cache: true })
    expect(second.report.builds[0]?.error).toBeUndefined()
    expect(cached(second.report)).toEqual([true, true, false])
    const [, seconds] = /^mootwo(\d+)\n$/.exec(second.events.output()) ?? []
    expect(Number(seconds)).toBeGreaterThanOrEqual(began) // no time had passed in memory
    expect((await trial(cow(look), { directory, cache: true })).report.builds[0]?.upToDate).toBe(true)

    const stateDirectory = join(directory, '.imago')
    const kept = await cachedSnapshots(stateDirectory)
    expect(kept.map(({ step: { id } }) => id)).toEqual(expect.arrayContaining(['builder.machine', 'provisioners[0]', 'provisioners[1]']))
    const pruned = await pruneCache({ stateDirectory, plugins: [plugin] })
    expect(pruned.map(({ outcome }) => outcome)).toEqual(kept.map(() => 'removed'))
    const left = await readdir(join(stateDirectory, 'cache/snapshots/qemu'))
    expect(left.filter((name) => !name.startsWith('digest-'))).toEqual([])
  })
})

function cached({ builds }: Report): readonly boolean[] {
  return builds.flatMap(({ steps }) => steps.filter(({ step }) => step.kind === 'provisioner').map((step) => step.cached === true))
}
