import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

import type { BuildEvent, Provisioner } from '@imago/core'
import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
import { beforeAll, describe, expect, test } from 'vitest'

import { qemu } from '../src/index.ts'
import { machineFolder } from '../src/machine-resource.ts'
import { guestDisk, makingMs, processesOf, skipped, temporaryFolder, trial } from './guest.ts'

/** Whether somebody listens at a port of this machine. */
async function isTaken(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false))
    socket.once('close', () => socket.destroy())
  })
}

const isIn = (event: BuildEvent, step: string): boolean => 'step' in event && event.step === step

describe.skipIf(skipped !== '')(`a build that is cancelled${skipped}`, () => {
  beforeAll(() => void guestDisk(), makingMs)

  test.each<[string, string, (event: BuildEvent) => boolean]>([
    ['while it is provisioned', 'provisioners[1]', (event) => event.type === 'output' && event.text.includes('in the middle')],
    ['while its file system is exported', 'builder.rootfs', (event) => event.type === 'progress' && isIn(event, 'builder.rootfs')],
    ['while it shuts down', 'builder.shutdown', (event) => event.type === 'output' && event.text.includes('going down')],
  ])('%s leaves nothing: no process, socket, port or disk', { timeout: 200_000 }, async (_, step, isTime) => {
    const directory = await temporaryFolder()
    const { disk, key } = guestDisk()
    const seen = { port: 0, folder: '', wasThere: false }
    const look: Provisioner = {
      kind: 'provisioner',
      type: 'look',
      options: {},
      async provision({ facts, runId }) {
        seen.port = facts.port ?? 0
        seen.folder = machineFolder(`imago-${runId}-cancelled-vm`)
        seen.wasThere = existsSync(seen.folder) && (await isTaken(seen.port)) && processesOf(runId).length > 0
      },
    }
    const isFirst = step === 'provisioners[1]'
    const vm = qemu({
      disk,
      ssh: { key },
      shutdown: { command: 'echo going down; sleep 1000', timeout: '10m' },
      result: { format: 'qcow2', path: 'out/x.qcow2', ...(!isFirst && { rootfs: { path: 'out/x.tar', exclude: ['/usr/lib', '/boot'] } }) },
    })
    const provisioners = [look, shell({ inline: ['echo in the middle', ...(isFirst ? ['sleep 1000'] : [])] })]
    await mkdir(join(directory, 'out'))
    const abort = new AbortController()
    const { report, events } = await trial(defineImage({ name: 'cancelled', builders: { vm }, provisioners }), {
      directory,
      signal: abort.signal,
      onEvent: (event) => {
        if (isTime(event)) abort.abort()
      },
    })
    expect(seen.wasThere).toBe(true)
    expect([report.status, report.left, events.unbalanced()]).toEqual(['cancelled', [], []])
    expect(events.steps('vm').at(-1)).toMatchObject({ step: { id: step }, status: 'cancelled' })
    expect([processesOf(report.runId), existsSync(seen.folder)]).toEqual([[], false])
    await expect.poll(() => isTaken(seen.port), { timeout: 20_000 }).toBe(false) // the system closes it a moment after the process ends
    expect([readdirSync(join(directory, '.imago/work')), readdirSync(join(directory, '.imago/journal'))]).toEqual([[], []])
    expect(readdirSync(join(directory, 'out'))).toEqual([])
  })
})
