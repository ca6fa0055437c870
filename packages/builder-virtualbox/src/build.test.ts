import { mkdtemp, readFile, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ImagoError } from '@imago/core'
import { buildContext } from '@imago/testing'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { FakeVirtualBox } from '../test/fake-virtualbox.ts'
import { build } from './build.ts'
import type { AnyOptions } from './virtualbox-options.ts'

const name = 'imago-run1-cow-vm'
let directory: string
let box: FakeVirtualBox

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-virtualbox-unit-'))
  box = new FakeVirtualBox(directory)
  box.looksUntilOff = 3
  onTestFinished(async () => await box.clear())
})

// oxlint-disable-next-line typescript/explicit-function-return-type -- that of `buildContext`
const context = () => buildContext({ runId: 'run1', image: 'cow', build: 'vm', directory, workDirectory: join(directory, 'work') })

function iso(more: Partial<Extract<AnyOptions, { kind: 'iso' }>> = {}): AnyOptions {
  return {
    kind: 'iso',
    iso: { url: import.meta.filename, checksum: 'none' },
    diskSize: '64m',
    communicator: 'none',
    result: { format: 'ova', path: 'out/cow.ova' },
    ...more,
  }
}

function vm(more: Partial<Extract<AnyOptions, { kind: 'vm' }>> = {}): AnyOptions {
  return { kind: 'vm', vm: 'base', communicator: 'none', result: { format: 'none' }, ...more }
}

describe('from an installer', () => {
  test('makes a machine, runs it until it goes off, takes away what the build needed, and exports it', async () => {
    const ctx = context()
    const artifact = await build(iso({ vboxmanage: ({ vm: it }) => [['modifyvm', it, '--vram', '64']] }), ctx, box)
    expect(ctx.steps.map(({ id }) => id)).toEqual(['media', 'seeds', 'machine', 'start', 'shutdown', 'finish', 'result'])
    const work = join(directory, 'work')
    expect(box.commands.filter(([verb]) => verb !== 'showvminfo' && verb !== '--version').map((words) => words.join(' '))).toEqual([
      `createvm --name ${name} --ostype Linux_64 --basefolder ${work} --register`,
      expect.stringContaining(`setextradata ${name} imago/labels {"imago.`),
      `modifyvm ${name} --cpus 2 --ioapic on --memory 1024 --chipset piix3 --firmware bios --rtc-use-utc on --nested-hw-virt off --boot1 disk --boot2 dvd --boot3 none --boot4 none --nic1 nat --nictype1 82540EM --cableconnected1 on --usb-ohci off --usb-ehci off --usb-xhci off --audio-enabled off`,
      `storagectl ${name} --name SATA --add sata --controller IntelAhci --portcount 1 --bootable on`,
      `storagectl ${name} --name IDE --add ide --controller PIIX4 --bootable on`,
      `createmedium disk --filename ${work}/${name}/disk0.vdi --sizebyte 67108864 --format VDI`,
      `storageattach ${name} --storagectl SATA --port 0 --device 0 --type hdd --medium ${work}/${name}/disk0.vdi`,
      `storageattach ${name} --storagectl IDE --port 0 --device 0 --type dvddrive --medium ${import.meta.filename}`,
      `modifyvm ${name} --nat-localhostreachable1 on --uart1 0x3F8 4 --uart-mode1 file ${work}/serial.log`,
      `modifyvm ${name} --vram 64`,
      `startvm ${name} --type headless`,
      `storageattach ${name} --storagectl IDE --port 0 --device 0 --medium none`,
      `modifyvm ${name} --uart-mode1 disconnected --uart1 off --nat-localhostreachable1 off`,
      `setextradata ${name} imago/labels`,
      `export ${name} --output ${work}/export/cow.ova --manifest --vsys 0 --vmname cow-vm`,
    ])
    expect(artifact).toMatchObject({ type: 'virtualbox-appliance', format: 'ova', guestOsType: 'Debian_64' })
    expect(artifact.files).toEqual([{ path: join(directory, 'out/cow.ova'), size: 9, sha256: artifact.id.slice('sha256:'.length) }])
    expect(ctx.resources.held.map(({ kind, data }) => [kind, data])).toEqual([
      ['virtualbox-machine', { program: 'VBoxManage', folder: join(work, name) }],
    ])
  })

  test('an OVF has its disks and its manifest beside it', async () => {
    const artifact = await build(iso({ result: { format: 'ovf', path: 'out/moo.ovf' } }), context(), box)
    expect(artifact.files?.map(({ path }) => path)).toEqual(
      ['moo.ovf', `${name}-disk001.vmdk`, 'moo.mf'].map((file) => join(directory, 'out', file)),
    )
    expect((await readdir(join(directory, 'out'))).toSorted()).toEqual([`${name}-disk001.vmdk`, 'moo.mf', 'moo.ovf'])
    expect(await readFile(join(directory, 'out/moo.mf'), 'utf8')).toBe('.mf')
  })

  test('the ISO image stays where that is asked for', async () => {
    await build(iso({ bundleIso: true }), context(), box)
    expect(box.said('storageattach').at(-1)).toContain('--type dvddrive')
    expect(box.said('export')[0]).toContain('--manifest --iso --vsys 0')
  })

  test('a machine that stays gets its name, in the place of another where that is asked for', async () => {
    box.add('cow')
    const taken = build(iso({ name: 'cow', keepRegistered: true }), context(), box)
    await expect(taken).rejects.toMatchObject({ code: 'DEFINITION_INVALID', message: "VirtualBox has a machine 'cow' already" })
    expect(box.said('createvm')).toEqual([])
    const ctx = context()
    const artifact = await build(iso({ name: 'cow', force: true, result: { format: 'registered' } }), ctx, box)
    expect(artifact).toEqual({ type: 'virtualbox-machine', id: `uuid-of-${name}`, machine: { name: 'cow', uuid: `uuid-of-${name}` } })
    expect([...box.machines.keys()]).toEqual(['cow'])
    expect(ctx.resources.held).toEqual([])
  })

  test('a port of this machine leads to the WinRM of a guest that runs Windows', async () => {
    const { communicator: _, ...options } = iso({ winrm: { password: 'word', tls: true, timeout: 20 } })
    const ctx = context()
    await expect(build(options, ctx, box)).rejects.toMatchObject({ code: 'TIMEOUT' })
    const port = /^connect to Administrator@127\.0\.0\.1:(\d+)$/.exec(ctx.steps.find(({ id }) => id === 'connect')?.title ?? '')?.[1]
    expect(box.said('modifyvm')).toContainEqual(expect.stringContaining(`--natpf1 imago-ssh,tcp,127.0.0.1,${port},,5986`))
  })

  test('a VirtualBox that is too old is told before anything is made', async () => {
    box.version = '6.1.50r161033\n'
    await expect(build(iso(), context(), box)).rejects.toMatchObject({ code: 'TOOL_MISSING', message: 'VirtualBox 6.1.50 is too old' })
    expect(box.commands).toEqual([['--version']])
  })

  test('no room for the appliance: nothing has its name, and the machine is still held', async () => {
    box.failing = { words: 'export', error: new ImagoError('DISK_FULL', 'no space') }
    const ctx = context()
    await expect(build(iso(), ctx, box)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await readdir(directory)).not.toContain('out')
    expect(ctx.resources.held.map(({ name: held }) => held)).toEqual([name])
  })

  test('a machine that cannot be started is told in the words of VBoxManage', async () => {
    box.failing = { words: 'startvm', error: new ImagoError('PROVIDER_FAILED', 'VBoxManage startvm: no VT-x') }
    await expect(build(iso(), context(), box)).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
  })
})

describe('from an appliance', () => {
  test('imports it with what is to be added, finds a place for the CD, and removes its own things', async () => {
    const options: AnyOptions = {
      kind: 'ovf',
      source: { url: import.meta.filename, checksum: 'none' },
      importOptions: ['--options', 'keepallmacs'],
      communicator: 'none',
      floppy: { content: { a: 'b' } },
      result: { format: 'none' },
    }
    const artifact = await build(options, context(), box)
    expect(artifact).toEqual({ type: 'discarded', id: name })
    expect(box.said('import')).toEqual([
      `import ${import.meta.filename} --vsys 0 --vmname ${name} --basefolder ${directory}/work --eula accept --options keepallmacs`,
    ])
    expect(box.said('storagectl')).toEqual([`storagectl ${name} --name Floppy --add floppy`])
    expect(box.said('createmedium')).toEqual([])
  })
})

describe('from a machine', () => {
  test('that there is none is told', async () => {
    await expect(build(vm(), context(), box)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: "VirtualBox has no machine 'base'",
    })
  })

  test('a linked clone is built on a snapshot, which is taken where there is none', async () => {
    box.add('base')
    await build(vm(), context(), box)
    expect(box.said('snapshot')).toEqual(['snapshot base take imago'])
    expect(box.said('clonevm')).toEqual([
      `clonevm base --snapshot imago --options link --name ${name} --basefolder ${directory}/work --register`,
    ])
    box.looksUntilOff = 3
    await build(vm({ snapshot: 'installed' }), context(), box)
    expect(box.said('clonevm').at(-1)).toContain('--snapshot installed --options link')
    box.looksUntilOff = 3
    await build(vm({ clone: 'full' }), context(), box)
    expect(box.said('clonevm').at(-1)).toBe(`clonevm base --name ${name} --basefolder ${directory}/work --register`)
  })

  test('the machine itself: it is as the build left it, with the snapshot that is asked for', async () => {
    const base = box.add('base')
    base.snapshots.push('installed')
    const ctx = context()
    const artifact = await build(
      vm({ clone: 'in-place', snapshot: 'installed', targetSnapshot: 'done', result: { format: 'registered' } }),
      ctx,
      box,
    )
    expect(artifact).toMatchObject({ machine: { name: 'base', uuid: 'uuid-of-base' } })
    expect(box.said('snapshot')).toEqual([
      `snapshot uuid-of-base take ${name}`,
      'snapshot uuid-of-base restore installed',
      'snapshot base take done',
      `snapshot base delete ${name}`,
    ])
    expect([base.snapshots, ctx.resources.held]).toEqual([['installed', 'done'], []])
  })

  test('the machine itself: a failed build leaves what puts it back; a snapshot of that name is an error', async () => {
    const base = box.add('base')
    base.snapshots.push('done')
    const options = { clone: 'in-place', targetSnapshot: 'done' } as const
    await expect(build(vm(options), context(), box)).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      message: "the machine 'base' has a snapshot 'done' already",
    })
    const ctx = context()
    box.failing = { words: 'startvm', error: new ImagoError('PROVIDER_FAILED', 'no') }
    await expect(build(vm({ ...options, force: true }), ctx, box)).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
    expect(ctx.resources.held).toMatchObject([
      { kind: 'virtualbox-borrowed-machine', name, data: { program: 'VBoxManage', vm: 'uuid-of-base' } },
    ])
  })

  test('a machine that runs is not taken', async () => {
    box.add('base').state = 'running'
    box.looksUntilOff = 100
    await expect(build(vm({ clone: 'in-place' }), context(), box)).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      message: "the machine 'base' is not off: running",
    })
  })
})
