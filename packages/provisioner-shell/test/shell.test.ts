import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { secret, shellQuote } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { reasonToSkip, skipWithoutRoot } from '../../../test/requirement.ts'
import { LocalMachine } from '../../testing/test/local-machine.ts'
import type { ShellOptions } from '../src/index.ts'
import { shell } from '../src/index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-shell-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

/** Runs a step on this machine, and answers with what it printed. */
async function outputOf(options: ShellOptions, signal?: AbortSignal): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const machine = new LocalMachine()
  const context = provisionContext({ machine, directory, ...(signal !== undefined && { signal }) })
  await shell(options)
    .provision(context)
    .finally(() => machine[Symbol.asyncDispose]())
  return { stdout: context.said.stdout, stderr: context.said.stderr }
}

async function script(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text)
  return name
}

/** A command that shows the arguments of all processes. */
const processList = 'cat /proc/[0-9]*/cmdline 2>/dev/null || true'
const hard = `it's "quoted" $HOME \`id\` \\ ☃Áü\nsecond line\n\n`

/** Root needs no sudo; others need one that asks for nothing. */
const noSudo = process.getuid?.() === 0 ? '' : reasonToSkip({ sudo: 'sudo -n true' })

/** Each way by which a script reaches its interpreter. */
const ways: readonly (readonly [string, () => Partial<ShellOptions>])[] = [
  ['as a command of the shell', () => ({})],
  ['to bash', () => ({ interpreter: ['bash', '-e'] })],
  ['to dash by path', () => ({ interpreter: ['/bin/dash', '-e', '-u'] })],
  ['as a file', () => ({ remotePath: join(directory, 'a file') })],
  ['as a file, to bash', () => ({ remotePath: join(directory, 'a file'), interpreter: ['bash', '-e'] })],
  [`under sudo${noSudo}`, () => ({ sudo: true })],
  [`under sudo, to bash${noSudo}`, () => ({ sudo: true, interpreter: ['bash', '-e'] })],
  [`under sudo, as a file${noSudo}`, () => ({ sudo: true, remotePath: join(directory, 'a file') })],
  ['wrapped in a program that cleans the environment', () => ({ wrap: ({ argv }) => ['env', '-i', 'PATH=/usr/bin:/bin', ...argv] })],
  ['wrapped as a line', () => ({ wrap: ({ line }) => `cd / && sh -c ${shellQuote(line)}` })],
  ['wrapped, as a file', () => ({ wrap: ({ argv }) => ['env', '-i', 'PATH=/usr/bin:/bin', ...argv], remotePath: join(directory, 'f') })],
]

function testWay(options: () => Partial<ShellOptions>): void {
  const run = (lines: readonly string[], more: Partial<ShellOptions> = {}): ReturnType<typeof outputOf> =>
    outputOf({ ...options(), ...more, inline: lines } as ShellOptions) // put together from parts

  test('prints, and ends at the first failure', async () => {
    expect(await run(['echo out; echo err >&2', 'printf end'])).toEqual({ stdout: 'out\nend', stderr: 'err\n' })
    await expect(run(['echo a', 'false', 'echo b'])).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode: 1 })
    await expect(run(['exit 42', 'echo b'])).rejects.toMatchObject({ exitCode: 42 })
  })

  test('gets its environment as it is, in no process list', async () => {
    const env = { HARD: hard, EMPTY: '', TOKEN: secret('hunter2-hunter2') }
    const { stdout } = await run(['printf "%s." "$HARD" "$EMPTY" "$IMAGO_BUILD_NAME" "${#TOKEN}"'], { env })
    expect(stdout).toBe(`${hard}..fake.15.`)
    const list = (await run([processList], { env })).stdout
    expect(list).toContain('sh')
    expect(list).not.toContain('hunter2-hunter2')
  })

  test('cannot be eaten by its own commands', async () => {
    expect((await run(['cat', 'read -r line || echo end', 'echo after'])).stdout).toBe('end\nafter\n')
  })

  test('may have lines of more than 64 KB, and any characters', async () => {
    const long = 'x'.repeat(200_000)
    expect((await run([`printf %s '${long}'`, "printf %s 'ü☃\\ $HOME'"])).stdout).toBe(`${long}ü☃\\ $HOME`)
  })

  test('runs in its folder', async () => {
    const workdir = join(directory, `a "folder's" name`)
    await mkdir(workdir)
    expect((await run(['pwd'], { workdir })).stdout).toBe(`${workdir}\n`)
    await expect(run(['echo ran'], { workdir: join(directory, 'missing') })).rejects.toThrow(/exit code 126|no folder/)
  })

  test('leaves no file', async () => {
    await run(['true'])
    await expect(run(['false'])).rejects.toThrow('exit code 1')
    expect(await readdir(directory)).toEqual([])
  })
}

for (const [way, options] of ways) {
  describe.skipIf(noSudo !== '' && way.startsWith('under sudo'))(`a script ${way}`, () => {
    testWay(options)
  })
}

describe('scripts of this machine', () => {
  test.each([
    ['bash', '#!/bin/bash\nset -euo pipefail\na=(x y)\necho "${a[1]}"\n', 'y\n'],
    ['bash by env', '#!/usr/bin/env bash\necho "${BASH_VERSION:+bash}"\n', 'bash\n'],
    ['bash by env -S', '#!/usr/bin/env -S bash -e\nfalse || echo ok\n', 'ok\n'],
    ['sh with options', '#!/bin/sh -eu\necho "${X-none}"\n', 'none\n'],
    ['awk, with the environment', '#!/usr/bin/awk -f\nBEGIN { print "awk " ENVIRON["IMAGO_BUILD_NAME"] }\n', 'awk fake\n'],
    ['awk, whose input is at its end', '#!/usr/bin/awk -f\nBEGIN { print (getline line < "-") }\n', '0\n'],
    ['no first line', 'echo plain', 'plain\n'],
    ['CRLF', '#!/bin/bash\r\nif true; then\r\n  echo crlf\r\nfi\r\n', 'crlf\n'],
    ['a here-document', 'cat <<END\n$((1 + 1))\nEND\n', '2\n'],
    ['a function, a trap and an exit', 'f() { echo f; }\ntrap f EXIT\nexit 0\n', 'f\n'],
  ])('run by %s', async (_what, text, stdout) => {
    expect((await outputOf({ script: await script('script', text) })).stdout).toBe(stdout)
  })

  test('may hold bytes that are not UTF-8', async () => {
    await writeFile(join(directory, 'latin'), Buffer.from("printf '%s' 'caf\xe9' | od -An -tx1\n", 'latin1'))
    expect((await outputOf({ script: 'latin' })).stdout.trim()).toBe('63 61 66 e9')
  })

  test('may be large', async () => {
    const name = await script('large', `#!/bin/bash\n${': # comment\n'.repeat(40_000)}echo done\n`)
    expect((await outputOf({ script: name })).stdout).toBe('done\n')
  })

  test('may be large and end early, also when they leave a process behind that holds everything open', async () => {
    const name = await script('early', `#!/bin/bash\nsleep 20 & echo $!\nexit 3\n${': # comment\n'.repeat(40_000)}`)
    const began = performance.now()
    await expect(outputOf({ script: name })).rejects.toMatchObject({ exitCode: 3 })
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  test('may be programs', async () => {
    const name = await script('program', '#!/bin/sh\necho "$0"\n')
    const remotePath = join(directory, 'copy')
    expect((await outputOf({ script: name, binary: true, remotePath })).stdout).toBe(`${remotePath}\n`)
  })

  test('are killed with what they started when the signal falls', async () => {
    for (const options of [{}, { interpreter: 'bash' }, ...(noSudo === '' ? [{ sudo: true }] : []), { remotePath: join(directory, 'x') }]) {
      const signal = AbortSignal.timeout(100)
      await expect(outputOf({ inline: ['sleep 60 & sleep 60'], ...options }, signal)).rejects.toMatchObject({ code: 'TIMEOUT' })
    }
    expect(await readdir(directory)).toEqual([])
  })
})

const notRoot = skipWithoutRoot()

test.skipIf(notRoot !== '')(`reaches an interpreter that runs as another user${notRoot}`, async () => {
  const nobody: ShellOptions['wrap'] = ({ argv }) => ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...argv]
  const { stdout } = await outputOf({ inline: ['id -u', 'cat', 'printf %s "$HARD"'], env: { HARD: hard }, wrap: nobody })
  expect(stdout).toBe(`65534\n${hard}`)
})

describe('under a sudo that stands in for the real one', () => {
  /** Cleans the environment, and takes a password on standard input when it is told to, as sudo does. */
  const sudo = `#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    -S) read=1 ;;
    -n) ;;
    -p | -u) [ "$1" = -u ] && user="$2"; shift ;;
    -E) ;;
    --) shift; break ;;
  esac
  shift
done
if [ -n "$read" ] && [ "$SUDO_ASKS" = 1 ]; then
  IFS= read -r password
  [ "$password" = 'correct horse' ] || { echo "sudo: no" >&2; exit 1; }
fi
exec env -i PATH=/usr/bin:/bin SUDO_TO="\${user-root}" "$@"
`
  const env = async (): Promise<Record<string, string>> => {
    const bin = join(directory, 'bin')
    await mkdir(bin)
    for (const [name, text] of Object.entries({ sudo, id: '#!/bin/sh\necho 1000\n' })) {
      await writeFile(join(bin, name), text)
      await chmod(join(bin, name), 0o755)
    }
    return { PATH: `${bin}${delimiter}/usr/bin${delimiter}/bin`, HARD: hard }
  }

  test.each(['1', '0'])('the password is taken or not (%s), and the script is whole', async (asks) => {
    const options = { env: { ...(await env()), SUDO_ASKS: asks }, sudo: { user: 'www', password: secret('correct horse') } }
    const { stdout } = await outputOf({ inline: ['printf "%s.%s" "$HARD" "$SUDO_TO"', 'cat'], ...options })
    expect(stdout).toBe(`${hard}.www`)
  })

  test('a user who is not root is changed without a password', async () => {
    const { stdout } = await outputOf({ inline: ['echo "$SUDO_TO"'], env: await env(), sudo: true })
    expect(stdout).toBe('root\n')
  })

  test('a wrong password is an error', async () => {
    const options = { env: { ...(await env()), SUDO_ASKS: '1' }, sudo: { password: secret('wrong') } }
    await expect(outputOf({ inline: ['echo ran'], ...options })).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode: 1 })
  })
})
