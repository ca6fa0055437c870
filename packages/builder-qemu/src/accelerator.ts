import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

import { isImagoError, messageOf, runLocal, systemCode, timeLimit, withFileLock } from '@imago/core'

import { probeDevice, probeExitCode, probeRom } from './probe-rom.ts'
import { runTool } from './run-tool.ts'

/** What runs the machine's instructions: Linux's KVM, macOS's Hypervisor framework, or QEMU itself by translating them. */
export type Accelerator = 'kvm' | 'tcg' | 'hvf'

/** Which accelerator works, and what speaks against a faster one. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator
  /** Why it is not a faster one; `undefined` when it is the fastest. */
  readonly because?: string
}

/** What the choice depends on; the host's own, but in tests. */
export interface AcceleratorProbe {
  /** QEMU's program. */
  readonly program: string
  readonly arch: 'x86_64' | 'aarch64'
  /** A folder for the probe's ROM; it exists. */
  readonly directory: string
  readonly signal: AbortSignal
  /** @default this machine's */
  readonly platform?: NodeJS.Platform
  /** @default this machine's */
  readonly hostArch?: string
  /** @default /dev/kvm */
  readonly device?: string
  /** Where the outcome is kept until the next start of this machine. @default in ~/.cache/imago */
  readonly cacheFile?: string
}

/** How long the probe may take, in milliseconds; where it succeeds it takes a tenth of a second. */
const probeMs = 2500

/**
 * Finds out which accelerator really runs guests. That `/dev/kvm` is there proves nothing: in some virtual machines it emulates every
 * instruction, a hundred times slower than QEMU does, and hangs. So a tiny program runs in it, with a limit of time. The outcome is kept
 * until this machine starts again.
 */
export async function chooseAccelerator(probe: AcceleratorProbe): Promise<AcceleratorChoice> {
  const { platform = process.platform, hostArch = process.arch, device = '/dev/kvm' } = probe
  const fast = platform === 'linux' ? 'kvm' : platform === 'darwin' ? 'hvf' : undefined
  if (fast === undefined) return { accelerator: 'tcg' }
  const host = hostArch === 'x64' ? 'x86_64' : hostArch === 'arm64' ? 'aarch64' : hostArch
  if (host !== probe.arch) return { accelerator: 'tcg', because: `this machine is ${host}, not ${probe.arch}` }
  const closed = fast === 'kvm' ? await whyClosed(device) : undefined
  if (closed !== undefined) return { accelerator: 'tcg', because: closed }
  const key = await cacheKey(probe, fast)
  if (key === undefined) return await tryAccelerator(probe, fast)
  const { cacheFile = join(homedir(), '.cache', 'imago', 'qemu-accelerators.json') } = probe
  return await cached(cacheFile, key, probe.signal, () => tryAccelerator(probe, fast))
}

async function whyClosed(device: string): Promise<string | undefined> {
  try {
    await access(device, constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return `there is no ${device}`
    return code === 'EACCES' ? `${device} is not for this user; is there a group kvm?` : `${device}: ${messageOf(error)}`
  }
}

async function tryAccelerator({ program, arch, directory, signal }: AcceleratorProbe, fast: Accelerator): Promise<AcceleratorChoice> {
  const known = await runTool([program, '-accel', 'help'], { signal })
  if (!known.stdout.split(/\s+/).includes(fast)) return { accelerator: 'tcg', because: `${program} does not know ${fast}` }
  if (arch !== 'x86_64') return { accelerator: fast }
  const rom = join(directory, `probe-${randomBytes(4).toString('hex')}.rom`)
  await writeFile(rom, probeRom())
  const tooLong = timeLimit(probeMs)
  let words = ''
  try {
    const { exitCode } = await runLocal({
      command: [
        program,
        '-accel',
        fast,
        '-machine',
        'pc',
        '-nodefaults',
        '-no-user-config',
        '-display',
        'none',
        '-m',
        '16',
        '-bios',
        rom,
      ].concat(['-device', probeDevice]),
      signal: AbortSignal.any([signal, tooLong]),
      killGraceMs: 100,
      onOutput: (_, chunk) => (words += Buffer.from(chunk).toString()),
    })
    if (exitCode === probeExitCode) return { accelerator: fast }
    return { accelerator: 'tcg', because: `${fast} does not run a guest: ${words.trim() || `exit code ${exitCode}`}` }
  } catch (error) {
    if (signal.aborted || !isImagoError(error, 'TIMEOUT')) throw error
    return { accelerator: 'tcg', because: `${fast} is there, but does not run a guest: it came to no end within ${probeMs / 1000} s` }
  } finally {
    await rm(rom, { force: true })
  }
}

/** Names this start of this machine, and the program; `undefined` where the system does not tell one start from another. */
async function cacheKey({ program }: AcceleratorProbe, fast: Accelerator): Promise<string | undefined> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined) // not Linux
  const stats = await stat(program).catch(() => undefined) // a name that PATH resolves
  return boot === undefined ? undefined : [boot.trim(), fast, program, stats?.mtimeMs ?? ''].join(' ')
}

/** The outcome that a file keeps under a key, or that of `find`, which is kept. A file that cannot be used is done without. */
async function cached(file: string, key: string, signal: AbortSignal, find: () => Promise<AcceleratorChoice>): Promise<AcceleratorChoice> {
  const known = await readChoice(file, key)
  if (known !== undefined) return known
  const made = await mkdir(dirname(file), { recursive: true }).then(
    () => true,
    () => false,
  )
  if (!made) return await find()
  // builds that start together probe once
  return await withFileLock(`${file}.lock`, { signal }, async () => {
    const meanwhile = await readChoice(file, key)
    if (meanwhile !== undefined) return meanwhile
    const choice = await find()
    await writeChoice(file, key, choice).catch(() => undefined) // the next build probes again
    return choice
  })
}

async function readChoice(file: string, key: string): Promise<AcceleratorChoice | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (typeof kept !== 'object' || kept === null || !('key' in kept) || kept.key !== key || !('choice' in kept)) return undefined
    return kept.choice as AcceleratorChoice // written below, under this key
  } catch {
    return undefined
  }
}

async function writeChoice(file: string, key: string, choice: AcceleratorChoice): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}`
  await writeFile(temporary, JSON.stringify({ key, choice }))
  await rename(temporary, file)
}
