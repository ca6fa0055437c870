import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Artifact } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { skipWithoutRoot } from '../../../test/requirement.ts'
import type { AmiInput, ApplianceInput, DiskInput, VagrantBoxArtifact, VagrantOptions } from '../src/index.ts'
import { vagrant } from '../src/index.ts'
import { description, makeOva, makeOvf, qcow2, sha256, vmdk } from './machine-files.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-vagrant-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

type Context = ReturnType<typeof postProcessContext>

function contextOf(overrides: Parameters<typeof postProcessContext>[0] = {}): Context {
  return postProcessContext({ directory, image: 'cow', build: 'vm', ...overrides })
}

async function box(input: Artifact, options: VagrantOptions = {}, ctx = contextOf()): Promise<VagrantBoxArtifact> {
  // the wiring's types have their own test
  const step: { process(input: Artifact, ctx: Context): Promise<VagrantBoxArtifact> } = vagrant(options)
  const made = await step.process(input, ctx)
  expect(ctx.resources.held).toEqual([])
  return made
}

function appliance(format: 'ova' | 'ovf', ...paths: readonly string[]): ApplianceInput {
  return { type: 'virtualbox-appliance', id: 'sha256:1', format, files: paths.map((path) => ({ path, size: 1 })) }
}

function disks(...paths: readonly string[]): DiskInput {
  return { type: 'qemu-disk', id: 'sha256:1', format: 'qcow2', arch: 'aarch64', files: paths.map((path) => ({ path, size: 1 })) }
}

async function diskFile(name: string, content: Uint8Array = qcow2(1.5 * 2 ** 30)): Promise<string> {
  await writeFile(join(directory, name), content)
  return join(directory, name)
}

/** The files of a box in their order, as the system's tar reads them. */
function unpacked({ id }: VagrantBoxArtifact): ReadonlyMap<string, Buffer> {
  const names = execFileSync('tar', ['-tzf', id], { encoding: 'utf8' }).trim().split('\n')
  return new Map(names.map((name) => [name, execFileSync('tar', ['-xzOf', id, name], { maxBuffer: 1 << 28 })]))
}

function textOf(files: ReadonlyMap<string, Buffer>, name: string): string {
  return files.get(name)?.toString() ?? `there is no ${name}`
}

describe('virtualbox', () => {
  const vagrantfile = "Vagrant.configure('2') do |config|\n  config.vm.base_mac = '080027D14C66'\nend\n"

  test.for(['ova', 'ovf'] as const)('a box of an %s: the description under its new name, disks, digests', async (format) => {
    const paths = format === 'ova' ? [await makeOva(directory)] : await makeOvf(directory)
    const made = await box(appliance(format, ...paths))
    expect(made).toMatchObject({ type: 'vagrant-box', id: join(directory, 'cow-vm.box'), provider: 'virtualbox', architecture: 'amd64' })
    expect(made.files).toEqual([{ path: made.id, size: expect.any(Number), sha256: sha256(await readFile(made.id)) }])
    const files = unpacked(made)
    expect([...files.keys()]).toEqual(['metadata.json', 'Vagrantfile', 'box.ovf', 'box.mf', 'cow-disk001.vmdk'])
    expect(JSON.parse(textOf(files, 'metadata.json'))).toEqual({ provider: 'virtualbox', architecture: 'amd64' })
    expect(textOf(files, 'Vagrantfile')).toBe(vagrantfile)
    expect(textOf(files, 'box.ovf')).toBe(description('cow-disk001.vmdk'))
    expect(textOf(files, 'box.mf')).toBe(
      `SHA256 (box.ovf) = ${sha256(description('cow-disk001.vmdk'))}\nSHA256 (cow-disk001.vmdk) = ${sha256(vmdk)}\n`,
    )
    expect(files.get('cow-disk001.vmdk')?.equals(vmdk)).toBe(true)
  })

  test('any files will do when the provider is named', async () => {
    const [ovf = '', disk = ''] = await makeOvf(directory)
    const made = await box({ type: 'files', id: 'x', files: [{ path: ovf, size: 1 }] }, { provider: 'virtualbox' })
    expect([...unpacked(made).keys()]).toEqual(['metadata.json', 'Vagrantfile', 'box.ovf', 'cow-disk001.vmdk'])
    await rm(disk)
    await expect(box(appliance('ovf', ovf))).rejects.toMatchObject({ code: 'INPUT_MISSING', message: expect.stringContaining(disk) })
  })

  test('a file that the description names, and that is not beside it, is an error', async () => {
    const [ovf = ''] = await makeOvf(directory)
    for (const name of ['../../etc/passwd', '/etc/passwd', '..', '..\\x']) {
      await writeFile(ovf, description(name))
      await expect(box(appliance('ovf', ovf))).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: `'cow.ovf' names the file '${name}', which is not beside it`,
      })
    }
    await writeFile(ovf, '<html></html>')
    await expect(box(appliance('ovf', ovf))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  test('an OVA that is damaged, or gone, is an error', async () => {
    const ova = await makeOva(directory)
    await truncate(ova, 2_000_000)
    await expect(box(appliance('ova', ova))).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    await rm(ova)
    await expect(box(appliance('ova', ova))).rejects.toMatchObject({ code: 'INPUT_MISSING', message: expect.stringContaining(ova) })
    await expect(box(appliance('ova'))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await readdir(directory)).toEqual([])
  })
})

describe('libvirt', () => {
  test('a box of one disk: its format, and what the machine sees of it in whole gigabytes', async () => {
    const made = await box(disks(await diskFile('cow.qcow2')))
    const files = unpacked(made)
    expect([...files.keys()]).toEqual(['metadata.json', 'Vagrantfile', 'box.img'])
    expect(JSON.parse(textOf(files, 'metadata.json'))).toEqual({
      provider: 'libvirt',
      architecture: 'arm64',
      format: 'qcow2',
      virtual_size: 2,
    })
    expect(textOf(files, 'Vagrantfile')).toContain("libvirt.machine_arch = 'aarch64'")
    expect(files.get('box.img')?.equals(qcow2(1.5 * 2 ** 30))).toBe(true)
  })

  test('further disks have names of their own; what else the build made is left out', async () => {
    const paths = [await diskFile('a.qcow2'), await diskFile('b.qcow2'), await diskFile('root.tar'), await diskFile('nvram.fd')]
    const [, , rootfs = '', nvram = ''] = paths
    const input: DiskInput = { ...disks(...paths), rootfs: { path: rootfs, size: 1 }, nvram: { path: nvram, size: 1 } }
    const made = await box(input)
    expect([...unpacked(made).keys()]).toEqual(['metadata.json', 'Vagrantfile', 'box.img', 'box_1.img'])
    expect(JSON.parse(textOf(unpacked(made), 'metadata.json'))).toMatchObject({ disks: [{ path: 'box.img' }, { path: 'box_1.img' }] })
  })

  test('a disk in another format, one that needs another, and one that is gone are errors', async () => {
    await expect(box(disks(await diskFile('a.raw', Buffer.alloc(1000))))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: `'${directory}/a.raw' is no disk image in qcow2, which boxes for libvirt are made of`,
    })
    await expect(box(disks(await diskFile('a.qcow2', qcow2(1, { backingFile: 512 }))))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('is a layer on top of another disk image'),
    })
    await expect(box(disks(join(directory, 'gone.qcow2')))).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    expect((await readdir(directory)).toSorted()).toEqual(['a.qcow2', 'a.raw'])
  })
})

describe('docker', () => {
  test('a box of a root file system builds its image itself', async () => {
    const path = await diskFile('cow.tar')
    const made = await box({ type: 'docker-rootfs', id: 'x', platform: 'linux/386', files: [{ path, size: 1 }] } as Artifact)
    const files = unpacked(made)
    expect([...files.keys()]).toEqual(['metadata.json', 'Vagrantfile', 'Dockerfile', 'rootfs.tar'])
    expect(JSON.parse(textOf(files, 'metadata.json'))).toEqual({ provider: 'docker', architecture: 'i386' })
    expect(textOf(files, 'Vagrantfile')).toContain('docker.build_dir = __dir__')
  })

  test('an image that is to be removed, and is in no registry, is an error', async () => {
    const image = {
      type: 'docker-image',
      id: 'sha256:1',
      imageId: 'sha256:1',
      size: 1,
      tags: [],
      digests: [],
      engine: 'unix:///gone',
    } as const
    const step = vagrant({ keepInputArtifact: false })
    await expect(step.process(image, contextOf())).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
    await expect(vagrant().process(image, contextOf())).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
  })
})

describe('aws', () => {
  const ami = (...images: AmiInput['images']): AmiInput => ({ type: 'amazon-ami', id: 'eu-west-1:ami-1', images })

  test('names the image of each region', async () => {
    const input = ami({ region: 'eu-west-1', imageId: 'ami-1' }, { region: 'us-east-1', imageId: 'ami-2' })
    const made = await box(input, { output: ({ provider }) => `cow-${String(provider)}.box` })
    expect(made).toMatchObject({ id: join(directory, 'cow-aws.box'), provider: 'aws' })
    const files = unpacked(made)
    expect([...files.keys()]).toEqual(['metadata.json', 'Vagrantfile'])
    expect(JSON.parse(textOf(files, 'metadata.json'))).toEqual({ provider: 'aws' })
    expect(textOf(files, 'Vagrantfile')).toBe(`Vagrant.configure('2') do |config|
  config.vm.provider :aws do |aws|
    aws.region_config 'eu-west-1', ami: 'ami-1'
    aws.region_config 'us-east-1', ami: 'ami-2'
  end
end
`)
  })

  test('an image that is to be removed is an error, and so is no image', async () => {
    const input = ami({ region: 'eu-west-1', imageId: 'ami-1' })
    await expect(vagrant({ keepInputArtifact: false }).process(input, contextOf())).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      hint: 'leave keepInputArtifact out',
    })
    await expect(box(ami())).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(box(disks('/x'), { provider: 'aws' })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
})

describe('what the user adds', () => {
  test('goes behind what the provider needs, and files into the top folder', async () => {
    await mkdir(join(directory, 'etc'))
    await writeFile(join(directory, 'etc/info.json'), '{"author":"Daisy"}')
    await writeFile(join(directory, 'add.rb'), "Vagrant.configure('2') { |config| config.ssh.username = 'cow' }")
    const disk = await diskFile('cow.qcow2')
    const made = await box(disks(disk), {
      output: ({ provider, architecture, buildName }) => `out/${buildName}-${String(provider)}-${String(architecture)}.box`,
      architecture: 'riscv64',
      include: ['etc/info.json'],
      vagrantfile: { path: 'add.rb' },
      compressionLevel: 9,
      threads: 1,
    })
    expect(made.id).toBe(join(directory, 'out/vm-libvirt-riscv64.box'))
    const files = unpacked(made)
    expect([...files.keys()]).toEqual(['metadata.json', 'Vagrantfile', 'info.json', 'box.img'])
    expect(textOf(files, 'info.json')).toBe('{"author":"Daisy"}')
    expect(textOf(files, 'Vagrantfile')).toMatch(/^Vagrant\.configure[\s\S]*libvirt\.driver[\s\S]*\nend\n\nVagrant.*'cow' }\n$/)
    const content = await box(disks(disk), { vagrantfile: { content: ({ provider }) => `# for ${String(provider)}\n` } })
    expect(textOf(unpacked(content), 'Vagrantfile')).toMatch(/\nend\n\n# for libvirt\n$/)
  })

  test('what is missing, or has the name of something else in the box, is an error', async () => {
    const disk = await diskFile('cow.qcow2')
    await expect(box(disks(disk), { vagrantfile: { path: () => 'gone.rb' } })).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: expect.stringContaining(`the Vagrantfile '${directory}/gone.rb'`),
    })
    await expect(box(disks(disk), { include: () => ['gone.txt'] })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    await symlink('cow.qcow2', join(directory, 'box.img'))
    await expect(box(disks(disk), { include: ['box.img'] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: "two files of the box would be called 'box.img'",
    })
    expect((await readdir(directory)).toSorted()).toEqual(['box.img', 'cow.qcow2'])
  })
})

describe('the box', () => {
  test('is the same when it is made of the same files', async () => {
    const disk = await diskFile('cow.qcow2')
    await utimes(disk, 1_600_000_000, 1_600_000_000)
    const first = await box(disks(disk), { output: 'a.box' })
    await chmod(disk, 0o700)
    const second = await box(disks(disk), { output: 'b.box' })
    expect(first.files[0].sha256).toBe(second.files[0].sha256)
  })

  test('a cancel in the middle leaves nothing but what was there before, and no entry in the catalogue', async () => {
    const disk = await diskFile('cow.qcow2', Buffer.concat([qcow2(2 ** 30), Buffer.alloc(30_000_000, 'text ')]))
    await writeFile(join(directory, 'cow-vm.box'), 'before')
    const controller = new AbortController()
    const ctx = { ...contextOf({ signal: controller.signal }), emit: () => controller.abort() }
    await expect(box(disks(disk), { catalogue: { path: 'cow.json', version: '1' } }, ctx)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await readdir(directory)).toSorted()).toEqual(['cow-vm.box', 'cow.qcow2'])
    expect(await readFile(join(directory, 'cow-vm.box'), 'utf8')).toBe('before')
  })

  test('is entered in the catalogue, or is not there either', async () => {
    const disk = await diskFile('cow.qcow2')
    const catalogue = {
      path: 'out/cow.json',
      version: '1.2.0',
      url: ({ architecture }) => `https://boxes/${String(architecture)}.box`,
    } as const satisfies VagrantOptions['catalogue']
    const made = await box(disks(disk), { catalogue })
    expect(JSON.parse(await readFile(join(directory, 'out/cow.json'), 'utf8'))).toMatchObject({
      versions: [{ providers: [{ url: 'https://boxes/arm64.box', checksum: made.files[0].sha256 }] }],
    })
    await rm(made.id)
    await writeFile(join(directory, 'file'), '')
    await expect(box(disks(disk), { catalogue: { path: 'file/cow.json', version: '1' } })).rejects.toThrow(
      `the catalogue ${directory}/file/cow.json`,
    )
    await writeFile(join(directory, 'out/cow.json'), 'broken')
    await expect(box(disks(disk), { catalogue })).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
    const url = (): string => {
      throw new Error('no such luck') // when the box is there already
    }
    await expect(box(disks(disk), { catalogue: { ...catalogue, path: 'new.json', url } })).rejects.toThrow('no such luck')
    expect((await readdir(directory)).toSorted()).toEqual(['cow.qcow2', 'file', 'out'])
  })

  test('is none of its inputs, and in no folder that is a file', async () => {
    const disk = await diskFile('cow.qcow2')
    for (const output of ['cow.qcow2', 'cow.qcow2/a.box']) {
      await expect(box(disks(disk), { output })).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    }
    expect((await readFile(disk)).equals(qcow2(1.5 * 2 ** 30))).toBe(true)
  })

  const noRoot = skipWithoutRoot()
  test.skipIf(noRoot !== '')(`a full disk is an error, and nothing is left${noRoot}`, async () => {
    const mount = join(directory, 'small')
    await mkdir(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount])
    try {
      const disk = await diskFile('cow.qcow2')
      await expect(box(disks(disk), { output: 'small/a.box' })).rejects.toMatchObject({ code: 'DISK_FULL' })
      expect(await readdir(mount)).toEqual([])
    } finally {
      execFileSync('umount', [mount])
    }
  })
})
