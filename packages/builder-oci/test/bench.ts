import { execFile } from 'node:child_process'
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import type { Communicator, ExecOptions, Material } from '@imago/core'
import { messageOf } from '@imago/core'
import { buildContext } from '@imago/testing'
import { skipWithout } from '../../../test/requirement.ts'

import type { OciArchiveArtifact } from '../src/index.ts'
import { oci } from '../src/index.ts'
import type { OciOptions } from '../src/oci-options.ts'

const execute = promisify(execFile)
/** The folder of this package. */
export const packageFolder: string = dirname(dirname(fileURLToPath(import.meta.url)))

/** Programs that the tests' images have: a shell, and what the contract of communicators asks for. */
export const testCommands: readonly string[] = (
  'sh cat head ls ln mkdir mv nohup pwd printf readlink rm rmdir sleep stat touch tr true ' +
  'chmod chown cp dd dirname env id mkfifo mknod mount umount unshare wc'
).split(' ')

/** Whether `IMAGO_REQUIRE` says that this must not be missing. */
export function isRequired(what: string): boolean {
  return (process.env['IMAGO_REQUIRE'] ?? '').split(',').includes(what)
}

/** Whether to skip a group of tests, and what to add to its name then. */
export interface Skipping {
  readonly skip: boolean
  readonly why: string
}

/** @param missing what is missing, or `undefined` @throws when that must not be */
export function needs(what: string, missing: string | undefined): Skipping {
  return { skip: missing !== undefined, why: skipWithout(what, missing) }
}

/** Which of these programs cannot be run by their names, or `undefined`. */
export async function whyNoProgram(...names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const found = await execute('/bin/sh', ['-c', 'command -v "$0"', name]).then(
      () => true,
      () => false,
    )
    if (!found) return `there is no program '${name}'`
  }
  return undefined
}

/** Why this process is not root, or `undefined`. */
export function whyNotRoot(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'this is not root'
}

/** Why no commands run in roots here, or `undefined`. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `this is ${process.platform}`
  return execute('unshare', ['--user', '--map-root-user', '--mount', 'true']).then(
    () => undefined,
    (error: unknown) => `this system allows no namespaces: ${messageOf(error).trim()}`,
  )
}

/** The agent runs as JavaScript. @throws when that is older than its source */
export function checkBuilt(): void {
  const source = join(packageFolder, 'src')
  const newest = Math.max(...readdirSync(source, { recursive: true, encoding: 'utf8' }).map((name) => modified(join(source, name))))
  if (modified(join(packageFolder, 'dist', 'agent-main.js')) >= newest) return
  throw new Error("these tests run the built package, and that is older than its source: run 'npm run build'")
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/**
 * Makes this process `nobody` for good; each file of tests has a process of its own.
 * @returns why that is not possible, or `undefined`
 */
export function becomeNobody(): string | undefined {
  if (process.getuid?.() !== 0) return undefined
  process.setgroups?.([])
  process.setgid?.(65_534)
  process.setuid?.(65_534)
  try {
    accessSync(packageFolder, constants.R_OK | constants.X_OK)
    return undefined
  } catch {
    return `a user who is not root cannot read ${packageFolder}`
  }
}

/** A folder of the test's own. */
export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'imago-oci-'))
}

/** What a test sees of a build. */
export interface TestBuild {
  readonly artifact: OciArchiveArtifact
  readonly path: string
  readonly messages: readonly string[]
  /** What it said that it started from. */
  readonly materials: readonly Material[]
}

/** Builds as a run would: what was acquired is released when it is over, however it ended. */
export async function buildImage(
  folder: string,
  options: OciOptions,
  provision: (machine: Communicator) => Promise<void> = () => Promise.resolve(),
  overrides: Parameters<typeof buildContext>[0] = {},
): Promise<TestBuild> {
  const context = buildContext({
    image: 'test',
    build: 'oci',
    builderType: 'oci',
    directory: folder,
    workDirectory: await mkdtemp(join(folder, 'work-')),
    ...overrides,
    provision,
  })
  try {
    const artifact = await oci(options).build(context)
    const messages = context.said.events.flatMap((event) => (event.type === 'message' ? [event.text] : []))
    return { artifact, path: artifact.files[0]?.path ?? '', messages, materials: context.materials }
  } finally {
    await context.resources.releaseAll()
  }
}

/** Runs a command in a machine, and answers with what it printed. */
export async function output(machine: Communicator, command: string | readonly string[], options: ExecOptions = {}) {
  const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  const onOutput = (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => void chunks[stream].push(Uint8Array.from(chunk))
  const { exitCode } = await machine.exec(command, { ...options, onOutput })
  return { exitCode, stdout: Buffer.concat(chunks.stdout).toString(), stderr: Buffer.concat(chunks.stderr).toString() }
}

/** Runs a program of this machine, and answers with what it printed. */
export async function runProgram(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, args, { maxBuffer: 64 << 20 })
  return stdout
}
