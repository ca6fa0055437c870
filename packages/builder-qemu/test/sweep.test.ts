import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { BuildEvent } from '@imago/core'
import { sweep } from '@imago/core'
import { beforeAll, describe, expect, test } from 'vitest'

import { killBuild } from '../../../test/built-in-process.ts'
import { machineFolder } from '../src/machine-resource.ts'
import { plugin } from '../src/index.ts'
import { guestDisk, guestProject, makingMs, processesOf, skipped } from './guest.ts'

/** Kills a build. @returns the run's id, and the name of its machine */
async function killAt(
  directory: string,
  isTime: (event: BuildEvent) => boolean,
): Promise<{ readonly runId: string; readonly name: string }> {
  const [event] = await killBuild(directory, isTime)
  const runId = event?.runId ?? ''
  return { runId, name: `imago-${runId}-killed-vm` }
}

describe.skipIf(skipped !== '')(`kill -9, then imago sweep${skipped}`, () => {
  beforeAll(() => void guestDisk(), makingMs)

  async function project(): Promise<string> {
    const rootfs = `{ path: 'out/killed.tar', exclude: ['/usr', '/boot', '/var'] }`
    const directory = await guestProject({
      options: `tpm: true, result: { format: 'raw', path: 'out/killed.raw', rootfs: ${rootfs} }`,
      provisioners: `[shell({ inline: ['echo in the middle', 'sleep 1'] })]`,
    })
    await mkdir(join(directory, 'out'))
    return directory
  }

  test.each<[string, (event: BuildEvent) => boolean]>([
    ['when QEMU is about to start', (event) => event.type === 'step-started' && event.step.id === 'builder.start'],
    ['while the machine starts', (event) => event.type === 'step-started' && event.step.id === 'builder.connect'],
    ['in the middle of a step', (event) => event.type === 'output' && event.text.includes('in the middle')],
    ['while the result is written', (event) => event.type === 'resource-acquired' && event.resource.kind === 'partial-file'],
  ])('%s: nothing is left', { timeout: 200_000 }, async (_, isTime) => {
    const directory = await project()
    const { runId, name } = await killAt(directory, isTime)
    const stateDirectory = join(directory, '.imago')
    const swept = await sweep({ stateDirectory, plugins: [plugin] })
    expect(swept.map(({ outcome, error }) => error ?? outcome).every((outcome) => outcome === 'removed')).toBe(true)
    expect(swept.length).toBeGreaterThan(0)
    // qemu-img, which nobody waits for any more, comes to an end by itself; QEMU and the TPM do not
    await expect.poll(() => processesOf(runId), { timeout: 20_000 }).toEqual([])
    expect(existsSync(machineFolder(name))).toBe(false)
    const left = readdirSync(stateDirectory, { recursive: true, encoding: 'utf8' })
    expect(left.filter((path) => !/^cache(?:$|\/(?!locks\/|leases\/|.*\.partial))/.test(path)).toSorted()).toEqual(['journal', 'work'])
    expect(readdirSync(join(directory, 'out'))).toEqual([])
  })

  test('a machine whose journal is lost is found by its folder', { timeout: 200_000 }, async () => {
    const directory = await project()
    const { runId, name } = await killAt(directory, (event) => event.type === 'step-started' && event.step.id === 'builder.connect')
    expect(processesOf(runId)).not.toEqual([])
    const swept = await sweep({ stateDirectory: join(directory, 'elsewhere'), plugins: [plugin] })
    expect(swept.filter(({ record }) => record.runId === runId)).toMatchObject([{ outcome: 'removed', record: { name } }])
    expect(processesOf(runId)).toEqual([])
    expect(existsSync(machineFolder(name))).toBe(false)
  })
})
