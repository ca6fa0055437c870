import { execFile, execFileSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { DockerImageArtifact } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { ApplianceInput, DiskInput, RootfsInput, VagrantOptions } from '../src/index.ts'
import { vagrant } from '../src/index.ts'
import { description, makeOva, qcow2, vmdk } from './machine-files.ts'

const noVagrant = reasonToSkip({ vagrant: 'vagrant --version' })
const noDocker = reasonToSkip({ vagrant: 'vagrant --version', docker: 'docker image inspect debian:12', busybox: 'test -x /bin/busybox' })
const run = promisify(execFile)

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-vagrant-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Runs Vagrant as a user who has no boxes yet, in a folder of the test's own, without asking anybody on the internet. */
async function runVagrant(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, VAGRANT_HOME: join(directory, 'home'), VAGRANT_CHECKPOINT_DISABLE: '1', VAGRANT_CWD: directory }
  const { stdout, stderr } = await run('vagrant', args, { env, cwd: directory })
  return stdout + stderr
}

/** Where Vagrant has put a file of a box. */
function added(provider: string, name: string): string {
  return join(directory, 'home/boxes/daisy-VAGRANTSLASH-cow/1.2.0', provider, name)
}

const catalogue = { path: 'boxes/cow.json', boxName: 'daisy/cow', version: '1.2.0', description: 'It moos.' }
const options: VagrantOptions = { output: ({ provider }) => `boxes/${String(provider)}.box`, catalogue }

const contextOf = (build: string) => postProcessContext({ directory, image: 'cow', build })

describe.skipIf(noVagrant !== '')(`Vagrant${noVagrant}`, () => {
  test('adds boxes from their catalogue, with the right digests, and inspects them', { timeout: 60_000 }, async () => {
    const ova: ApplianceInput = {
      type: 'virtualbox-appliance',
      id: 'x',
      format: 'ova',
      files: [{ path: await makeOva(directory), size: 1 }],
    }
    const disk: DiskInput = {
      type: 'qemu-disk',
      id: 'x',
      format: 'qcow2',
      arch: 'x86_64',
      files: [{ path: join(directory, 'cow.qcow2'), size: 1 }],
    }
    await writeFile(join(directory, 'cow.qcow2'), qcow2(2 ** 31))
    await writeFile(join(directory, 'info.json'), '{"farm":"Daisy\'s"}')
    await vagrant({ ...options, include: ['info.json'] }).process(ova, contextOf('virtualbox'))
    await vagrant(options).process(disk, contextOf('vm'))

    for (const provider of ['virtualbox', 'libvirt']) {
      const said = await runVagrant('box', 'add', 'boxes/cow.json', '--provider', provider)
      expect(said).toContain('Calculating and comparing box checksum')
      expect(said).toContain(`Successfully added box 'daisy/cow' (v1.2.0) for '${provider}'`)
    }
    const listed = await runVagrant('box', 'list', '--box-info')
    expect(listed).toMatch(/daisy\/cow \(libvirt, +1\.2\.0\)/)
    expect(listed).toMatch(/daisy\/cow \(virtualbox, 1\.2\.0\)\s+- farm: Daisy's/)
    expect(await readFile(added('virtualbox', 'box.ovf'), 'utf8')).toBe(description('cow-disk001.vmdk'))
    expect((await readFile(added('virtualbox', 'cow-disk001.vmdk'))).equals(vmdk)).toBe(true)
    expect((await readFile(added('libvirt', 'box.img'))).equals(qcow2(2 ** 31))).toBe(true)
    expect(JSON.parse(await readFile(added('libvirt', 'metadata.json'), 'utf8'))).toMatchObject({ provider: 'libvirt', virtual_size: 2 })

    // what is not what the catalogue says is not taken
    await writeFile(join(directory, 'boxes/libvirt.box'), await readFile(join(directory, 'boxes/virtualbox.box')))
    await expect(runVagrant('box', 'add', '--force', 'boxes/cow.json', '--provider', 'libvirt')).rejects.toThrow(/checksum/)
  })
})

describe.skipIf(noDocker !== '')(`Vagrant with Docker${noDocker}`, () => {
  /** Brings a machine of the box up, and runs `cat` in it. */
  async function catInMachine(path: string): Promise<string> {
    await runVagrant('box', 'add', 'boxes/cow.json', '--provider', 'docker')
    const project = [
      "Vagrant.configure('2') do |config|",
      "  config.vm.box = 'daisy/cow'",
      "  config.vm.synced_folder '.', '/vagrant', disabled: true",
      "  config.vm.provider(:docker) { |docker| docker.cmd = ['sleep', '300']; docker.has_ssh = false }",
      'end',
    ]
    await writeFile(join(directory, 'Vagrantfile'), project.join('\n'))
    try {
      await runVagrant('up', '--provider', 'docker')
      return docker('exec', await machineId(), 'cat', path)
    } finally {
      await machineId().then(
        (id) => docker('rm', '--force', id),
        () => undefined, // it never came up
      )
    }
  }

  async function machineId(): Promise<string> {
    return await readFile(join(directory, '.vagrant/machines/default/docker/id'), 'utf8')
  }

  test('brings up a machine of an image', { timeout: 60_000 }, async () => {
    const imageId = docker('image', 'inspect', '--format', '{{.Id}}', 'debian:12').trim()
    const engine = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'
    const image: DockerImageArtifact = { type: 'docker-image', id: imageId, imageId, size: 1, tags: ['debian:12'], digests: [], engine }
    const box = await vagrant(options).process(image, contextOf('docker'))
    expect(box.architecture).toMatch(/^(amd64|arm64)$/)
    expect(await catInMachine('/etc/os-release')).toContain('bookworm')
  })

  test('builds an image of a root file system that the box holds, and brings it up', { timeout: 60_000 }, async () => {
    const root = join(directory, 'root')
    await mkdir(join(root, 'bin'), { recursive: true })
    await copyFile('/bin/busybox', join(root, 'bin/busybox'))
    for (const name of ['sleep', 'cat']) await symlink('busybox', join(root, 'bin', name))
    await writeFile(join(root, 'cow'), 'moo')
    execFileSync('tar', ['-C', root, '-cf', join(directory, 'root.tar'), '.'])
    const files = [{ path: join(directory, 'root.tar'), size: 1 }]
    const rootfs: RootfsInput = { type: 'docker-rootfs', id: 'x', platform: 'linux/amd64', files }
    await vagrant(options).process(rootfs, contextOf('docker'))
    expect(await catInMachine('/cow')).toBe('moo')
    const built = await readFile(join(directory, '.vagrant/machines/default/docker/docker_build_image'), 'utf8')
    expect(docker('rmi', '--force', built.trim())).toContain('Deleted')
  })
})

function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' })
}
