import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { ImagoError, isImagoError } from './error.ts'
import type { ShellSession, ShellTransport } from './shell-session.ts'
import { killProcessTree, openShellSession } from './shell-session.ts'

interface LocalTransport extends ShellTransport {
  readonly pid: number
  kill(): void
}

function localTransport(shell: readonly string[]): LocalTransport {
  const [program = 'sh', ...args] = shell
  const child = spawn(program, args, { detached: true, stdio: 'pipe' })
  child.stdin.on('error', () => undefined)
  const closed = once(child, 'exit').then(() => new ImagoError('DISCONNECTED', 'the shell has ended'))
  return {
    pid: child.pid ?? 0,
    kill: () => child.kill('SIGKILL'),
    async write(chunk) {
      if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain'), closed])
    },
    onOutput(listener) {
      child.stdout.on('data', (chunk: Buffer) => listener('stdout', chunk))
      child.stderr.on('data', (chunk: Buffer) => listener('stderr', chunk))
    },
    closed,
    async close() {
      child.stdin.end()
      child.stdout.destroy()
      child.stderr.destroy()
      await closed
    },
  }
}

/** Hands out output in chunks of `size` bytes. */
function inPieces(transport: ShellTransport, size: number): ShellTransport {
  return {
    ...transport,
    onOutput(listener) {
      transport.onOutput((stream, chunk) => {
        for (let at = 0; at < chunk.length; at += size) listener(stream, chunk.subarray(at, at + size))
      })
    },
  }
}

function collector() {
  const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  return {
    onOutput: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void chunks[stream].push(Buffer.from(chunk)),
    bytes: (stream: 'stdout' | 'stderr') => Buffer.concat(chunks[stream]),
    text: (stream: 'stdout' | 'stderr' = 'stdout') => Buffer.concat(chunks[stream]).toString(),
  }
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** A zombie that nobody has reaped yet is dead. */
function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`
  try {
    return !/\) [ZX] /.test(readFileSync(file, 'latin1'))
  } catch {
    return false
  }
}

function endGroup(transport: LocalTransport): void {
  process.kill(-transport.pid, 'SIGKILL')
}

async function pidIn(path: string): Promise<number> {
  for (;;) {
    const text = existsSync(path) ? await readFile(path, 'utf8') : ''
    if (text.endsWith('\n')) return Number(text)
    await delay(5)
  }
}

const shells = [['sh'], ['dash'], ['bash', '--posix'], ['busybox', 'sh']].filter(
  ([program = '']) => program === 'sh' || (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program))),
)

describe.each(shells.map((shell) => ({ name: shell.join(' '), shell })))('a session of $name', ({ shell }) => {
  let transport: LocalTransport
  let session: ShellSession
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago session '))
    transport = localTransport(shell)
    session = await openShellSession(transport, () => Promise.resolve(localTransport(shell)), { killGraceMs: 150 })
  })
  afterEach(async () => {
    await session[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  async function run(command: string | readonly string[], options: Parameters<ShellSession['exec']>[1] = {}) {
    const output = collector()
    const { exitCode } = await session.exec(command, { ...options, onOutput: output.onOutput })
    return { exitCode, stdout: output.text('stdout'), stderr: output.text('stderr') }
  }

  test('answers with exit code and both outputs, byte for byte', async () => {
    expect(await run('printf out; printf err >&2; exit 3')).toEqual({ exitCode: 3, stdout: 'out', stderr: 'err' })
    expect(await run('printf "\\001\\377\\000x\\n\\n" | od -An -tx1')).toMatchObject({ stdout: ' 01 ff 00 78 0a 0a\n' })
  })

  test('runs a program with its arguments as they are', async () => {
    const odd = ["it's", '$HOME `id` "x"', 'a\nb', '', '*', '-n', 'ü\u0081']
    expect(await run(['printf', '[%s]', ...odd])).toMatchObject({ exitCode: 0, stdout: odd.map((word) => `[${word}]`).join('') })
    expect(await run(['no-such-program-here'])).toMatchObject({ exitCode: 127 })
  })

  test('takes environment, directory and input', async () => {
    const env = { A: "it's $B", B: 'two\nlines\n' }
    expect(await run('printf %s "$A$B"; pwd; cat', { env, cwd: folder, stdin: "in'put\n\n" })).toMatchObject({
      stdout: `${env.A}${env.B}${folder}\nin'put\n\n`,
    })
    expect(await run('printf %s "$A"; cat; pwd')).toMatchObject({ stdout: `${process.cwd()}\n` })
    expect(await run('echo no', { cwd: join(folder, 'none') })).toMatchObject({ exitCode: 126, stdout: '' })
    expect(await run('head -c 1 >/dev/null', { stdin: 'x'.repeat(300_000) })).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test('survives what a command does to its shell', async () => {
    expect((await run('if then )')).exitCode).not.toBe(0)
    expect((await run("echo 'open")).exitCode).not.toBe(0)
    expect(await run('set -e; false; echo no')).toMatchObject({ exitCode: 1, stdout: '' })
    expect(await run('exec sh -c "exit 7"')).toMatchObject({ exitCode: 7 })
    expect(await run('cd /; umask 0; X=1; exec >/dev/null 2>&1; trap "" TERM')).toMatchObject({ exitCode: 0 })
    expect(await run("kill -9 $(sh -c 'echo $PPID')")).toMatchObject({ exitCode: 137 })
    expect(await run('echo "[$X]"; read x; echo "$?"')).toMatchObject({ exitCode: 0, stdout: '[]\n1\n' })
    expect(await run('-x')).toMatchObject({ exitCode: 127 })
  })

  test('runs commands given at once one after another', async () => {
    const results = await Promise.all([1, 2, 3].map((n) => run(`printf a${n}; printf b${n}; exit ${n}`)))
    expect(results.map(({ exitCode, stdout }) => `${exitCode}${stdout}`)).toEqual(['1a1b1', '2a2b2', '3a3b3'])
  })

  test('does not wait for a process in the background that holds the outputs', async () => {
    const { exitCode, stdout } = await run(`sleep 60 & echo $!`)
    expect(exitCode).toBe(0)
    expect(isAlive(Number(stdout))).toBe(true)
    expect(await run('echo next')).toMatchObject({ stdout: 'next\n' })
    process.kill(Number(stdout), 'SIGKILL')
  })

  test('kills the whole tree when the signal aborts, and goes on', async () => {
    const script = `
      (sh -c 'echo $PPID' >stubborn.tmp; mv stubborn.tmp stubborn; trap '' TERM; while :; do sleep 1; done) &
      (sleep 60 & echo $! >orphan; exec true)
      sleep 60 & echo $! >child; wait`
    const controller = new AbortController()
    const running = rejection(session.exec(script, { cwd: folder, signal: controller.signal }))
    const pids = await Promise.all(['stubborn', 'orphan', 'child'].map((name) => pidIn(join(folder, name))))
    controller.abort(new ImagoError('TIMEOUT', 'the step timed out'))
    expect(await running).toSatisfy((error) => isImagoError(error, 'TIMEOUT'))
    expect(pids.filter(isAlive)).toEqual([])
    expect(await run('echo alive')).toMatchObject({ stdout: 'alive\n' })
  })

  test('spares what an earlier command left in the background', async () => {
    const { stdout } = await run('sleep 60 & echo $!')
    await delay(20)
    const controller = new AbortController()
    const running = rejection(session.exec('echo $$ >started; sleep 60', { cwd: folder, signal: controller.signal }))
    await pidIn(join(folder, 'started'))
    controller.abort()
    expect(await running).toSatisfy((error) => isImagoError(error, 'CANCELLED'))
    expect(isAlive(Number(stdout))).toBe(true)
    process.kill(Number(stdout), 'SIGKILL')
  })

  test('hands on much output fast', async () => {
    let bytes = 0
    const onOutput = (_: string, chunk: Uint8Array): void => void (bytes += chunk.length)
    await session.exec('head -c 100000000 /dev/zero', { onOutput })
    expect(bytes).toBe(100_000_000)
  })

  test('finds the end of a command in chunks of any size', async () => {
    for (const size of [1, 7, 33]) {
      const pieces = await openShellSession(inPieces(localTransport(shell), size), () => Promise.reject(new Error('unused')))
      const output = collector()
      const { exitCode } = await pieces.exec(`printf 'a\\001b\\001'; printf '\\001' >&2; exit 200`, { onOutput: output.onOutput })
      expect([exitCode, output.text('stdout'), output.text('stderr')]).toEqual([200, 'a\u0001b\u0001', '\u0001'])
      await pieces[Symbol.asyncDispose]()
    }
  })

  test('rejects with the transport’s error when the shell goes', async () => {
    const running = rejection(session.exec('echo; sleep 60', { onOutput: () => transport.kill() }))
    expect(await running).toSatisfy((error) => isImagoError(error, 'DISCONNECTED'))
    expect(await rejection(session.exec('echo'))).toSatisfy((error) => isImagoError(error, 'DISCONNECTED'))
    endGroup(transport)
  })

  test('kills a tree by its root', async () => {
    const other = localTransport(shell)
    other.onOutput(() => undefined)
    await other.write(`(trap '' TERM; sleep 60) &\ncd '${folder}'; echo $! >child; sleep 60\n`)
    const child = await pidIn(join(folder, 'child'))
    await killProcessTree(() => Promise.resolve(localTransport(shell)), { pid: other.pid, graceMs: 50 })
    await other.closed
    expect([isAlive(child), isAlive(other.pid)]).toEqual([false, false])
  })
})

test('a command that waits for its turn gives up at once when its signal aborts', async () => {
  const session = await openShellSession(localTransport(['sh']), () => Promise.resolve(localTransport(['sh'])))
  const first = session.exec('sleep 0.3')
  const started = performance.now()
  expect(await rejection(session.exec('echo', { signal: AbortSignal.abort() }))).toSatisfy((error) => isImagoError(error, 'CANCELLED'))
  expect(performance.now() - started).toBeLessThan(200)
  await first
  await session[Symbol.asyncDispose]()
})

test('a session whose command cannot be killed closes', async () => {
  const transport = localTransport(['sh'])
  const session = await openShellSession(transport, () => Promise.reject(new Error('no second shell')))
  const controller = new AbortController()
  const running = rejection(session.exec('echo; sleep 60', { signal: controller.signal, onOutput: () => controller.abort() }))
  setTimeout(() => transport.kill(), 100)
  expect(await running).toSatisfy((error) => isImagoError(error, 'CANCELLED'))
  expect(await rejection(session.exec('echo'))).toSatisfy((error) => isImagoError(error, 'DISCONNECTED'))
  endGroup(transport)
})

test('what no shell can take is refused', async () => {
  const session = await openShellSession(localTransport(['sh']), () => Promise.reject(new Error('unused')))
  expect(await rejection(session.exec('a\0b'))).toSatisfy((error) => isImagoError(error, 'UNSUPPORTED'))
  expect(await rejection(session.exec('a', { env: { 'a.b': '' } }))).toMatchObject({
    message: "'a.b' is not a name of an environment variable",
  })
  await session[Symbol.asyncDispose]()
})
