import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

import type { BuildEvent, Provisioner } from '@imago/core'
import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
import { beforeAll, describe, expect, test, vi } from 'vitest'

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

/** A moment of a build. */
interface Stage {
  /** The step that it is in. */
  readonly step: string
  readonly isTime: (event: BuildEvent) => boolean
}

const stages: readonly Stage[] = [
  { step: 'provisioners[1]', isTime: (event) => event.type === 'output' && event.text.includes('in the middle') },
  { step: 'builder.rootfs', isTime: (event) => event.type === 'progress' && event.step === 'builder.rootfs' },
  { step: 'builder.shutdown', isTime: (event) => event.type === 'output' && event.text.includes('going down') },
]

/** Cancels a build in a stage, and tells what is left of its machine. Only the first in a folder boots; the others go on from its snapshot. */
async function cancelIn({ step, isTime }: Stage, directory: string) {
  await mkdir(join(directory, 'out'), { recursive: true })
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
    live: true,
    ssh: { key },
    shutdown: { command: 'echo going down; sleep 1000', timeout: '10m' },
    result: {
      format: 'qcow2',
      path: 'out/x.qcow2',
      ...(!isFirst && { rootfs: { path: 'out/x.tar', exclude: step === 'builder.rootfs' ? ['/boot'] : ['/usr', '/boot', '/var'] } }),
    },
  })
  const provisioners = [look, shell({ inline: ['echo in the middle', ...(isFirst ? ['sleep 1000'] : [])] })]
  const abort = new AbortController()
  const { report, events } = await trial(defineImage({ name: 'cancelled', builders: { vm }, provisioners }), {
    directory,
    cache: true,
    signal: abort.signal,
    onEvent: (event) => {
      if (isTime(event)) abort.abort()
    },
  })
  await vi.waitUntil(async () => !(await isTaken(seen.port)), { timeout: 20_000 }) // the system closes it a moment after the process ends
  const last = events.steps('vm').at(-1)
  return {
    wasThere: seen.wasThere,
    status: report.status,
    last: { step: last?.step.id, status: last?.status },
    left: [
      ...report.left,
      ...events.unbalanced(),
      ...processesOf(report.runId),
      ...(existsSync(seen.folder) ? [seen.folder] : []),
      ...['out', '.imago/work', '.imago/journal'].flatMap((folder) => readdirSync(join(directory, folder))),
    ],
  }
}

describe.skipIf(skipped !== '')(`builds that are cancelled${skipped}`, () => {
  beforeAll(() => void guestDisk(), makingMs)

  test(
    'in a step, in the export of the file system, in the shutdown: no process, socket, port or disk is left',
    { timeout: 400_000 },
    async () => {
      const directory = await temporaryFolder()
      for (const stage of stages) {
        const last = { step: stage.step, status: 'cancelled' }
        expect(await cancelIn(stage, directory)).toEqual({ wasThere: true, status: 'cancelled', last, left: [] })
      }
    },
  )
})
