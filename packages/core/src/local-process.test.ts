import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { LocalCommand } from './local-process.ts'
import { runLocal } from './local-process.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-local-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function outputOf(options: LocalCommand): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  const { exitCode } = await runLocal({ ...options, onOutput: (stream, chunk) => chunks[stream].push(chunk) })
  return { exitCode, stdout: Buffer.concat(chunks.stdout).toString(), stderr: Buffer.concat(chunks.stderr).toString() }
}

/** The process is there and has not ended. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  return stat !== '' && !/\) [ZX] /.test(stat)
}

async function readyPids(path: string, count: number): Promise<number[]> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '')
    const pids = text.split('\n').slice(0, -1).map(Number)
    if (pids.length >= count) return pids
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('a program that ends by itself', () => {
  test('gives its exit code, and both its outputs apart', async () => {
    expect(await outputOf({ command: ['sh', '-c', 'echo out; echo err >&2; exit 7'] })).toEqual({
      exitCode: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    })
  })

  test('gives 128 + n when a signal ended it', async () => {
    expect(await runLocal({ command: ['sh', '-c', 'kill -KILL $$'] })).toEqual({ exitCode: 137 })
  })

  test('gets its arguments as they are, its environment and its folder', async () => {
    const script = 'printf "%s|" "$@" "$GREETING"; pwd; test -n "$PATH"'
    const result = await outputOf({ command: ['sh', '-c', script, 'sh', "a b'c\n", ''], env: { GREETING: 'héllo $x' }, cwd: directory })
    expect(result).toEqual({ exitCode: 0, stdout: `a b'c\n||héllo $x|${directory}\n`, stderr: '' })
  })

  test.each([
    ['a string', 'text'],
    ['bytes', Buffer.from('text')],
    ['a stream', Readable.from(['te', 'xt'])],
  ])('reads %s on its standard input', async (_, stdin) => {
    expect((await outputOf({ command: ['cat'], stdin })).stdout).toBe('text')
  })

  test('reads an end of file without an input', async () => {
    expect((await outputOf({ command: ['cat'] })).stdout).toBe('')
  })

  test('hands over 20 MB in and out unchanged', async () => {
    const stdin = Buffer.alloc(20 << 20, 'abcdefghijk')
    const chunks: Uint8Array[] = []
    await runLocal({ command: ['cat'], stdin, onOutput: (_, chunk) => chunks.push(chunk) })
    expect(Buffer.concat(chunks).equals(stdin)).toBe(true)
  })

  test('need not read its input', async () => {
    expect(await runLocal({ command: ['sh', '-c', 'exit 3'], stdin: Buffer.alloc(4 << 20) })).toEqual({ exitCode: 3 })
    const endless = new PassThrough()
    endless.write('first')
    expect(await runLocal({ command: ['true'], stdin: endless })).toEqual({ exitCode: 0 })
    expect(endless.destroyed).toBe(true)
  })

  test('does not hang on a child in the background that holds its output', async () => {
    const started = performance.now()
    const result = await outputOf({ command: ['sh', '-c', `sleep 60 & echo $! > ${directory}/pid; echo done`] })
    expect(result).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' })
    expect(performance.now() - started).toBeLessThan(10_000)
    const [pid = 0] = await readyPids(join(directory, 'pid'), 1)
    expect(await isAlive(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
  })
})

describe('a program that cannot be started', () => {
  test('because there is none of the name', async () => {
    await expect(runLocal({ command: ['no-such-program'] })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: "there is no program 'no-such-program' on this machine",
    })
  })

  test('because there is no such folder', async () => {
    await expect(runLocal({ command: ['true'], cwd: join(directory, 'missing') })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })

  test('because it is not executable', async () => {
    const path = join(directory, 'script')
    await writeFile(path, 'true', { mode: 0o644 })
    await expect(runLocal({ command: [path] })).rejects.toMatchObject({ code: 'COMMAND_FAILED', hint: 'make it executable' })
  })

  test('because an argument is too long', async () => {
    await expect(runLocal({ command: ['true', 'x'.repeat(4 << 20)] })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      hint: 'pass long values over stdin',
    })
  })

  test('because its input fails', async () => {
    const broken = new Readable({ read: () => broken.destroy(new Error('no such luck')) })
    await expect(runLocal({ command: ['sleep', '60'], stdin: broken })).rejects.toThrow('no such luck')
  })
})

describe('abort', () => {
  test('before the start starts nothing', async () => {
    const marker = join(directory, 'marker')
    await expect(runLocal({ command: ['touch', marker], signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(existsSync(marker)).toBe(false)
  })

  test('says TIMEOUT when the signal does', async () => {
    await expect(runLocal({ command: ['sleep', '60'], signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test.skipIf(process.platform !== 'linux')('kills what ignores SIGTERM, and descendants in other sessions', async () => {
    const pids = join(directory, 'pids')
    const stubborn = `trap "" TERM; echo $$ >> ${pids}; while :; do sleep 0.05; done`
    const script = `setsid sh -c '${stubborn}' & sh -c '${stubborn}' & ${stubborn}`
    const controller = new AbortController()
    const running = runLocal({ command: ['sh', '-c', script], signal: controller.signal, killGraceMs: 100 })
    const started = await readyPids(pids, 3)
    controller.abort()
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await Promise.all(started.map(isAlive))).toEqual([false, false, false])
  })

  test('lets a program that heeds SIGTERM tidy up', async () => {
    const ready = join(directory, 'ready')
    const script = `trap 'echo tidy > ${directory}/tidy; exit 0' TERM; echo 1 > ${ready}; while :; do sleep 0.02; done`
    const controller = new AbortController()
    const running = runLocal({ command: ['sh', '-c', script], signal: controller.signal })
    await readyPids(ready, 1)
    controller.abort()
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await readFile(join(directory, 'tidy'), 'utf8')).toBe('tidy\n')
  })
})

test.skipIf(process.platform !== 'linux')('a program ends with this process, even when that is killed', async () => {
  const pids = join(directory, 'pids')
  const source = `import { runLocal } from ${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))}
    const running = runLocal({ command: ['sh', '-c', 'trap "" TERM; echo $$ > ${pids}; while :; do sleep 0.05; done'] })
    setImmediate(() => console.log('guarded'))
    await running`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(parent.stdout, 'data')
  const [pid = 0] = await readyPids(pids, 1)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  while (await isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await isAlive(pid)).toBe(false)
})
