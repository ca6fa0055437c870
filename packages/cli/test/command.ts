import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

import { temporaryFolder } from './temporary-folder.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The command as users start it. */
export const bin: string = fileURLToPath(new URL('../bin/imago.js', import.meta.url))

/** Brings what the command runs up to date: JavaScript that is made of the packages' TypeScript. */
export async function bundle(): Promise<void> {
  const bundler = spawn(process.execPath, [join(root, 'scripts/bundle.mjs')], { stdio: 'inherit' })
  const [code] = (await once(bundler, 'close')) as [number | null] // as Node says
  if (code !== 0) throw new Error('the packages cannot be bundled')
}

/** A project with these files, in which the workspace's packages are installed. */
export async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder({ 'package.json': '{"type":"module"}', ...files })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** The command, running. */
export interface Running {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Waits until stdout or stderr has this in it, so many times. @throws when it ends without */
  until(wanted: string, times?: number): Promise<void>
  /** Waits for its end. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

/** Starts a program in a folder, without the environment's own word on colours and continuous integration. */
export function start(program: string, args: readonly string[], cwd: string, variables: Readonly<Record<string, string>> = {}): Running {
  const { CI: _ci, NO_COLOR: _noColor, FORCE_COLOR: _forceColor, NODE_OPTIONS: _options, GITHUB_ACTIONS: _job, ...inherited } = process.env
  const env = { ...inherited, XDG_CACHE_HOME: join(cwd, 'cache'), ...variables }
  const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  const waiting: (() => void)[] = []
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve()
  }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    wake()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    wake()
  })
  const exited = once(child, 'close').then(([code, signal]: unknown[]) => ({
    code: code as number | null, // as Node says
    signal: signal as string | null,
  }))
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    async until(wanted, times = 1) {
      let ended = false
      void exited.then(() => {
        ended = true
        wake()
      })
      while (`${stdout}${stderr}`.split(wanted).length <= times) {
        if (ended) throw new Error(`it ended without '${wanted}':\n${stdout}${stderr}`)
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
  }
}

/** Starts `imago` in a folder. */
export function imago(args: readonly string[], cwd: string, variables: Readonly<Record<string, string>> = {}): Running {
  return start(process.execPath, [bin, ...args], cwd, variables)
}

/** What a run of `imago` ended with. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `imago` in a folder to its end. */
export async function run(args: readonly string[], cwd: string, variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const running = imago(args, cwd, variables)
  const { code } = await running.exited
  return { code, stdout: running.stdout(), stderr: running.stderr() }
}

/** The files that `imago` loads as code, as paths from the workspace's root; Node's own are left out. */
export async function loadedModules(args: readonly string[], cwd: string): Promise<string[]> {
  const coverage = join(cwd, 'coverage')
  await run(args, cwd, { NODE_V8_COVERAGE: coverage })
  const files = await readdir(coverage)
  const reports = await Promise.all(
    files.map(async (file): Promise<{ result: { url: string }[] }> => JSON.parse(await readFile(join(coverage, file), 'utf8'))),
  )
  const urls = reports.flatMap(({ result }) => result.map(({ url }) => url)).filter((url) => url.startsWith('file:'))
  return [...new Set(urls.map((url) => fileURLToPath(url).replace(root, '')))].toSorted((a, b) => (a < b ? -1 : 1))
}
