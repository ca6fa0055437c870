import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

import type { Builders, Image, Report, RunOptions } from '@imago/core'
import { run } from '@imago/core'
import type { Recorder } from '@imago/testing'
import { recorder } from '@imago/testing'
import { onTestFinished } from 'vitest'

import { skipWithout } from '../../../test/requirement.ts'

const script = join(import.meta.dirname, 'guest', 'guest.sh')
const programs = [
  'qemu-system-x86_64',
  'qemu-img',
  'debootstrap',
  'grub-mkimage',
  'mke2fs',
  'busybox',
  'xorriso',
  'apt-get',
  'flock',
  'ssh-keygen',
]

/** Why the tests that boot machines are skipped, as a part of their names. */
export const skipped: string = skipWithout('qemu', missing())

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'this is not root, who makes the guest'
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':')
  const absent = programs.find((program) => !path.some((folder) => existsSync(join(folder, program))))
  if (absent !== undefined) return `there is no program '${absent}'`
  return existsSync('/usr/lib/ISOLINUX/isolinux.bin') ? undefined : 'there is no isolinux'
}

/** How long making the guest may take the first time, in milliseconds: a Debian system is downloaded and installed. */
export const makingMs = 300_000

const made = new Map<string, string>()

/** The path of something that the tests boot; it is made when it is not there. */
export function guest(what: 'disk' | 'iso' | 'efi' | 'kernel' | 'initrd' | 'key'): string {
  const path = made.get(what) ?? make(what)
  made.set(what, path)
  return path
}

function make(what: string): string {
  return execFileSync(script, [what], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
}

/** The guest's disk, and the key of its root. */
export function guestDisk(): {
  readonly disk: { readonly url: string; readonly checksum: 'none' }
  readonly key: { readonly file: string }
} {
  const url = guest('disk')
  return { disk: { url, checksum: 'none' }, key: { file: join(dirname(url), 'key') } }
}

/** A run in a folder of its own, with its events. */
export interface Trial {
  readonly report: Report
  readonly events: Recorder
  /** Where the definition stands. */
  readonly directory: string
}

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'imago-qemu-test-'))
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }))
  return directory
}

/**
 * The process ids of QEMU, of the emulators of TPMs, and of `qemu-img`, that a run has started.
 * @param mark what is in the arguments of all of them: the run's id, or the folder of its files
 */
export function processesOf(mark: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark)
      } catch {
        return false // it has ended meanwhile
      }
    })
}

/** Runs an image. */
export async function trial<B extends Builders>(
  image: Image<B>,
  options: RunOptions & { readonly directory?: string } = {},
): Promise<Trial> {
  const directory = options.directory ?? (await temporaryFolder())
  const events = recorder()
  const onEvent: RunOptions['onEvent'] = (event) => {
    events.onEvent(event)
    options.onEvent?.(event)
  }
  const report = await run(image, { ...options, directory, stateDirectory: join(directory, '.imago'), onEvent })
  return { report, events, directory }
}

/** What tells one image of {@link guestProject} from another; code. */
export interface GuestProjectCode {
  /** The builder's options beside the disk and the login. */
  readonly options: string
  readonly provisioners: string
}

/** A folder for the command, with an image `killed` that the builder `vm` makes of the guest's disk. It is gone when the test is over. */
export async function guestProject({ options, provisioners }: GuestProjectCode): Promise<string> {
  const directory = await temporaryFolder()
  const { disk, key } = guestDisk()
  await symlink(resolve('node_modules'), join(directory, 'node_modules'))
  await writeFile(
    join(directory, 'image.ts'),
    `import { qemu } from '@imago/builder-qemu'
import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
export default defineImage({
  name: 'killed',
  builders: { vm: qemu({ disk: ${JSON.stringify(disk)}, ssh: { key: ${JSON.stringify(key)} }, ${options} }) },
  provisioners: ${provisioners},
})
`,
  )
  return directory
}
