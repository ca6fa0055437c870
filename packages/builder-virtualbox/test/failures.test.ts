import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { ErrorJson, Provisioner } from '@imago/core'
import { defineImage, sweep } from '@imago/core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { killBuild } from '../../../test/built-in-process.ts'
import { plugin, virtualboxIso, virtualboxVm } from '../src/index.ts'
import type { ResultFormat, VirtualBoxIsoOptions } from '../src/index.ts'
import type { ContainedVirtualBox, Trial } from './virtualbox.ts'
import { makingMs, skipped, startVirtualBox, trial } from './virtualbox.ts'

/** Machines that have nothing to start from: what is tried is about them, not about guests. */
describe.skipIf(skipped !== '')(`what goes wrong in VirtualBox${skipped}`, { timeout: 300_000 }, () => {
  let box: ContainedVirtualBox

  beforeAll(() => {
    box = startVirtualBox()
  }, makingMs)
  afterAll(() => box.stop())

  function empty<F extends ResultFormat>(
    more: Partial<VirtualBoxIsoOptions> & Pick<VirtualBoxIsoOptions<F>, 'result'>,
  ): VirtualBoxIsoOptions<F> {
    return {
      program: box.program,
      iso: { url: box.iso, checksum: 'none' },
      diskSize: '1m',
      cpus: 1,
      memory: '32m',
      diskInterface: 'ide',
      ...more,
    }
  }

  async function failing<F extends ResultFormat>(
    options: VirtualBoxIsoOptions<F>,
    provisioners: readonly Provisioner[] = [],
  ): Promise<Trial & { readonly error: ErrorJson }> {
    const made = await trial(box, defineImage({ name: 'failing', builders: { vm: virtualboxIso(options) }, provisioners }))
    const error = made.report.builds[0]?.error
    if (error === undefined) throw new Error('the build succeeded')
    expect(made.events.unbalanced().filter((what) => !what.startsWith('resource'))).toEqual([]) // one that was never made is released too
    expect(made.report.left).toEqual([])
    expect(box.manage('list', 'vms')).toBe('')
    return { ...made, error }
  }

  test('what VirtualBox refuses is told in its words', async () => {
    const { error } = await failing(empty({ guestOsType: 'Cow_64', result: { format: 'none' } }))
    expect(error).toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringMatching(/^VBoxManage createvm: .*guest OS type/) as unknown,
    })
    expect(error.hint).toContain('VBoxManage list ostypes')
    const wrong = await failing(empty({ vboxmanage: ({ vm }) => [['modifyvm', vm, '--cow', 'moo']], result: { format: 'none' } }))
    expect(wrong.error).toMatchObject({ code: 'PROVIDER_FAILED', message: expect.stringContaining('--cow') as unknown })
  })

  test('a guest that never answers: a picture of its screen is kept, and nothing is left registered or running', async () => {
    const { error, directory } = await failing(
      empty({
        ssh: { timeout: '5s' },
        result: { format: 'ova', path: 'out/x.ova' },
      }),
    )
    expect(error).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/^no SSH connection to root@127\.0\.0\.1:\d+ after 5/) as unknown,
    })
    expect(error.hint).toContain(join(directory, 'out/x-failed.png'))
    expect(readdirSync(join(directory, 'out'))).toContain('x-failed.png')
  })

  test.each(['builder.machine', 'builder.connect'])('a build that is cancelled in %s leaves nothing', async (id) => {
    const abort = new AbortController()
    const vm = virtualboxIso(empty({ result: { format: 'none' } }))
    const { report, events } = await trial(box, defineImage({ name: 'cancelled', builders: { vm } }), {
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'step-started' && event.step.id === id) setTimeout(() => abort.abort(), 200)
      },
    })
    expect([report.status, report.left, events.steps().filter(({ status }) => status === 'running')]).toEqual(['cancelled', [], []])
    expect(box.manage('list', 'vms')).toBe('')
  })

  test('kill -9 while the machine runs, then imago sweep: nothing is left, by the journal or by the labels', async () => {
    const directory = mkdtempSync(join(box.folder, 'killed-'))
    symlinkSync(resolve('node_modules'), join(directory, 'node_modules'))
    const options = JSON.stringify(empty({ result: { format: 'none' } }))
    writeFileSync(
      join(directory, 'image.ts'),
      `import { virtualboxIso } from '@imago/builder-virtualbox'
import { defineImage } from '@imago/core'
export default defineImage({ name: 'killed', builders: { vm: virtualboxIso(${options}) } })
`,
    )
    await killBuild(directory, (event) => event.type === 'step-started' && event.step.id === 'builder.connect')
    expect(box.manage('list', 'runningvms')).toContain('-killed-vm')
    const swept = await sweep({ stateDirectory: join(directory, '.imago'), plugins: [plugin] })
    expect(swept.map(({ outcome, error }) => error ?? outcome)).toEqual(swept.map(() => 'removed'))
    expect(swept.map(({ record }) => record.kind)).toContain('virtualbox-machine')
    expect(box.manage('list', 'vms')).toBe('')
    expect(readdirSync(join(directory, '.imago'), { recursive: true, encoding: 'utf8' }).toSorted()).toEqual(['journal', 'work'])
  })

  test('ten builds at once, clones of one machine among them, do not get into the way of each other', async () => {
    box.manage('createvm', '--name', 'base', '--register', '--basefolder', join(box.folder, 'ten'))
    onTestFinished(() => void execFileSync(box.program, ['unregistervm', 'base', '--delete'], { stdio: 'ignore' }))
    const five = Array.from({ length: 5 }, (_, at) => at)
    const clones = five.map((at) => {
      const result = { format: 'ova', path: `out/${at}.ova` } as const
      return [
        `clone${at}`,
        virtualboxVm({ program: box.program, vm: 'base', communicator: 'none', shutdown: { timeout: '1s' }, result }),
      ] as const
    })
    const silent = five.map((at) => [`silent${at}`, virtualboxIso(empty({ ssh: { timeout: '2s' }, result: { format: 'none' } }))] as const)
    const image = defineImage({ name: 'ten', builders: Object.fromEntries([...clones, ...silent]) })
    const { report, events } = await trial(box, image, { pools: { virtualbox: 10 } })
    expect(
      report.builds.map(
        ({ build, error }) => `${build.replace(/\d/, '')} ${error?.code === 'TIMEOUT' ? error.code : (error?.message ?? 'done')}`,
      ),
    ).toEqual([...five.map(() => 'clone done'), ...five.map(() => 'silent TIMEOUT')])
    const ports = events.steps().flatMap(({ step: { title } }) => /^connect to root@127\.0\.0\.1:(\d+)/.exec(title)?.[1] ?? [])
    expect(new Set(ports).size).toBe(5)
    expect(report.left).toEqual([])
    expect(box.manage('list', 'vms')).toMatch(/^"base" \{[0-9a-f-]+\}\n$/)
  })

  test('no room for the appliance: it is said where, and nothing is left', async () => {
    const full = mkdtempSync(join(box.folder, 'full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', full])
    onTestFinished(() => void execFileSync('umount', ['--lazy', full]))
    const { error } = await failing(
      empty({ communicator: 'none', shutdown: { timeout: '1s' }, result: { format: 'ova', path: join(full, 'x.ova') } }),
    )
    expect(error).toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('no space left on the disk') as unknown })
    expect(readdirSync(full)).toEqual([])
  })

  test('a machine of the user: it is cloned, and worked in, and when that fails, it is as it was', async () => {
    box.manage('createvm', '--name', 'base', '--register', '--basefolder', join(box.folder, 'base'))
    try {
      const vm = (clone: 'linked' | 'full' | 'in-place') =>
        virtualboxVm({
          program: box.program,
          vm: 'base',
          clone,
          shutdown: { timeout: '1s' },
          communicator: 'none',
          result: { format: 'ovf', path: `out/${clone}.ovf` },
        })
      const image = defineImage({ name: 'cloned', builders: { linked: vm('linked'), full: vm('full') } })
      const { report } = await trial(box, image)
      expect(report.builds.map(({ error }) => error)).toEqual([undefined, undefined])
      const broken = virtualboxVm({
        program: box.program,
        vm: 'base',
        clone: 'in-place',
        communicator: 'none',
        vboxmanage: [['modifyvm', 'base', '--vram', '33']],
        vboxmanagePost: [['nothing-of-the-kind']],
        shutdown: { timeout: '1s' },
        result: { format: 'none' },
      })
      const failed = await trial(box, defineImage({ name: 'borrowed', builders: { broken } }))
      expect(failed.report.builds[0]?.error?.code).toBe('PROVIDER_FAILED')
      expect(failed.report.left).toEqual([])
      const info = box.manage('showvminfo', 'base', '--machinereadable')
      for (const gone of ['vram=33', 'uart1="0x', 'imago-ssh', failed.report.runId]) expect(info).not.toContain(gone)
      expect(box.manage('list', 'vms')).toMatch(/^"base" \{[0-9a-f-]+\}\n$/)
    } finally {
      execFileSync(box.program, ['unregistervm', 'base', '--delete'], { stdio: 'ignore' })
    }
  })
})
