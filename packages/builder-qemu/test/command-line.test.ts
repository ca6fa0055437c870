import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { BuildEvent } from '@imago/core'
import { sweep } from '@imago/core'
import { beforeAll, describe, expect, test } from 'vitest'

import { plugin } from '../src/index.ts'
import { guest, makingMs, processesOf, skipped, temporaryFolder } from './guest.ts'

/** Builds in a process of its own. */
async function imago(options: { readonly commandLine: string; readonly provisioners: string; readonly args?: readonly string[] }): Promise<{
  readonly directory: string
  readonly status: number | null
  readonly events: readonly BuildEvent[]
}> {
  const directory = await temporaryFolder()
  await symlink(resolve('node_modules'), join(directory, 'node_modules'))
  const kernel = { image: guest('kernel'), initrd: guest('initrd'), commandLine: options.commandLine }
  await writeFile(
    join(directory, 'image.ts'),
    `import { qemu } from '@imago/builder-qemu'
import { defineImage } from '@imago/core'
export default defineImage({
  name: 'alone',
  builders: {
    vm: qemu({
      diskSize: '1m', memory: '256m', communicator: 'none', kernel: ${JSON.stringify(kernel)}, result: { format: 'raw', path: 'out/disk.raw' },
    }),
  },
  provisioners: [${options.provisioners}],
})
`,
  )
  const command = [resolve('packages/cli/bin/imago.js'), 'build', '--json', ...(options.args ?? [])]
  const { status, stdout } = spawnSync(process.execPath, command, { cwd: directory, encoding: 'utf8', timeout: 100_000 })
  const events = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as BuildEvent)
  return { directory, status, events }
}

describe.skipIf(skipped !== '')(`in a process that does nothing else${skipped}`, () => {
  beforeAll(() => void [guest('kernel'), guest('initrd')], makingMs)

  test('the build waits for the machine to its end', { timeout: 120_000 }, async () => {
    const { directory, status, events } = await imago({ commandLine: 'quiet imago=poweroff', provisioners: '' })
    expect(events.at(-1)).toMatchObject({ type: 'run-finished', status: 'succeeded' })
    expect(status).toBe(0)
    expect(readdirSync(join(directory, 'out'))).toEqual(['disk.raw'])
  })

  test('a machine that is to be kept outlives the process, until it is swept', { timeout: 120_000 }, async () => {
    const fail = `{ kind: 'provisioner', type: 'fail', options: {}, provision: () => Promise.reject(new Error('no')) }`
    const { directory, status, events } = await imago({ commandLine: 'quiet', provisioners: fail, args: ['--on-error', 'abort'] })
    expect(status).toBe(1)
    const runId = events[0]?.runId ?? ''
    expect(events.some(({ type }) => type === 'resource-kept')).toBe(true)
    expect(processesOf(runId)).toHaveLength(1)
    expect(readdirSync(join(directory, 'out'))).toContain('disk-failed.png')
    const swept = await sweep({ stateDirectory: join(directory, '.imago'), plugins: [plugin] })
    expect(swept.map(({ outcome }) => outcome)).toEqual(['removed', 'removed'])
    expect(processesOf(runId)).toEqual([])
    expect(existsSync(join(directory, '.imago/work', `${runId}-alone.vm`))).toBe(false)
  })
})
