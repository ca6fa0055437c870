import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import type { Builders, Image, Report, RunOptions } from '@imago/core'
import { run } from '@imago/core'
import type { Recorder } from '@imago/testing'
import { recorder } from '@imago/testing'

import { skipWithout } from '../../../test/requirement.ts'

const programs = [
  'docker',
  'debootstrap',
  'wget',
  'busybox',
  'dropbear',
  'dropbearkey',
  'lz4',
  'syslinux',
  'mformat',
  'xorriso',
  'apt-get',
  'flock',
  'scp',
  'ssh-keygen',
]

/** Why the tests with a real VirtualBox are skipped, as a part of their names. */
export const skipped: string = skipWithout('virtualbox', missing())

function missing(): string | undefined {
  const isRequired = (process.env['IMAGO_REQUIRE'] ?? '').split(',').includes('virtualbox')
  if (!isRequired) return process.env['IMAGO_WITHOUT_VIRTUALBOX'] ?? 'it takes minutes: IMAGO_REQUIRE=virtualbox runs it'
  if (process.getuid?.() !== 0) return 'this is not root, who makes the container'
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':')
  const absent = programs.find((program) => !path.some((folder) => existsSync(join(folder, program))))
  if (absent !== undefined) return `there is no program '${absent}'`
  if (!existsSync('/usr/lib/ISOLINUX/isolinux.bin')) return 'there is no isolinux'
  try {
    execFileSync('docker', ['version'], { stdio: 'ignore' })
  } catch {
    return "'docker version' fails"
  }
  const probe = spawnSync(join(import.meta.dirname, 'virtualbox/image.sh'), ['probe'], { encoding: 'utf8' })
  return probe.status === 0 ? undefined : probe.stdout.trim()
}

function script(name: string, ...args: readonly string[]): string {
  return execFileSync(join(import.meta.dirname, name), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
}

/** How long making the container and the guest may take the first time, in milliseconds. */
export const makingMs = 600_000

/** A VirtualBox in a container, and the folder that both sides see. */
export interface ContainedVirtualBox {
  /** A program that runs the container's VBoxManage. */
  readonly program: string
  readonly folder: string
  readonly iso: string
  /** The private key of the guest's root. */
  readonly key: string
  /** Runs VBoxManage. @returns what it printed */
  manage(...command: readonly string[]): string
  stop(): void
}

/** Starts a container with VirtualBox. Ports that lead to guests are those of this machine. */
export function startVirtualBox(): ContainedVirtualBox {
  const iso = script('guest/guest.sh', 'iso')
  const folder = mkdtempSync(join(tmpdir(), 'imago-virtualbox-test-'))
  const name = folder.slice(tmpdir().length + 1)
  const mounts = [
    `${folder}:${folder}`,
    `${dirname(iso)}:${dirname(iso)}:ro`,
    `${join(import.meta.dirname, 'virtualbox/start.sh')}:/start.sh:ro`,
  ]
  const options = ['--name', name, '--init', '--network', 'host', ...mounts.flatMap((mount) => ['-v', mount])]
  execFileSync('docker', ['run', '-d', ...options, script('virtualbox/image.sh'), '/start.sh'], { stdio: 'ignore' })
  const program = join(folder, 'VBoxManage')
  writeFileSync(program, `#!/bin/sh\nexec docker exec ${name} /usr/lib/virtualbox/VBoxManage "$@"\n`, { mode: 0o755 })
  execFileSync('docker', ['exec', name, 'sh', '-c', 'until [ -e /run/ready ]; do sleep 0.1; done'], { timeout: 60_000 })
  return {
    program,
    folder,
    iso,
    key: join(dirname(iso), 'key'),
    manage: (...command) => execFileSync(program, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    stop: () => {
      execFileSync('docker', ['rm', '-f', name], { stdio: 'ignore' })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A run in a folder of its own that the container sees, with its events. */
export interface Trial {
  readonly report: Report
  readonly events: Recorder
  /** Where the definition stands. */
  readonly directory: string
}

/** Runs an image. */
export async function trial<B extends Builders>(box: ContainedVirtualBox, image: Image<B>, options: RunOptions = {}): Promise<Trial> {
  const directory = join(box.folder, `${image.name}-${Math.random().toString(36).slice(2)}`)
  mkdirSync(directory)
  const events = recorder()
  const onEvent: RunOptions['onEvent'] = (event) => {
    events.onEvent(event)
    options.onEvent?.(event)
  }
  const report = await run(image, { ...options, directory, stateDirectory: join(directory, '.imago'), onEvent })
  return { report, events, directory }
}
