import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { secret } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Platform, ShellLocalOptions } from './index.ts'
import { shellLocal } from './index.ts'

let directory = ''
let workDirectory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-shell-local-'))
  workDirectory = join(directory, 'work')
  await mkdir(workDirectory)
})
afterEach(async () => await rm(directory, { recursive: true }))

async function run(options: ShellLocalOptions, signal?: AbortSignal) {
  const context = provisionContext({ directory, workDirectory, ...(signal !== undefined && { signal }) })
  await shellLocal(options).provision(context)
  return context.said
}

describe('shellLocal', () => {
  test('runs inline lines until one fails, with the facts', async () => {
    const said = await run({ inline: ({ image }) => [`echo ${image} "$IMAGO_BUILD_NAME" "$T"`, 'pwd >&2'], env: { T: secret('hunter22') } })
    expect(said).toMatchObject({ stdout: 'image fake hunter22\n', stderr: `${directory}\n`, secrets: ['hunter22'] })
    await expect(run({ inline: ['false', 'touch ran'] })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: "'false' ended with exit code 1",
    })
    expect(existsSync(join(directory, 'ran'))).toBe(false)
    expect(await readdir(workDirectory)).toEqual([])
  })

  test('runs a script where it is, by its first line, without permission to execute it', async () => {
    await writeFile(join(directory, 'setup'), '#!/bin/bash\na=("$0")\necho "${a[0]}"\n')
    await chmod(join(directory, 'setup'), 0o600)
    expect((await run({ script: 'setup' })).stdout).toBe(`${join(directory, 'setup')}\n`)
  })

  test('runs a copy of a script with CRLF, and removes it', async () => {
    await writeFile(join(directory, 'setup'), 'if true; then\r\n  echo ok\r\nfi\r\n')
    expect((await run({ script: 'setup' })).stdout).toBe('ok\n')
    expect(await readdir(workDirectory)).toEqual([])
  })

  test('runs scripts in order, in a folder, with an interpreter', async () => {
    await mkdir(join(directory, 'sub'))
    for (const name of ['a', 'b']) await writeFile(join(directory, name), `print "${name} ", \`pwd\`;`)
    const said = await run({ scripts: ['a', 'b'], workdir: 'sub', interpreter: ['perl', '-w'] })
    expect(said.stdout).toBe(`a ${directory}/sub\nb ${directory}/sub\n`)
    expect(said.events.map((event) => event.type === 'message' && event.text)).toEqual(['run a', 'run b'])
  })

  test('takes other exit codes', async () => {
    await expect(run({ inline: ['exit 3'], validExitCodes: [0, 3] })).resolves.toBeDefined()
    await expect(run({ inline: ['exit 4'], validExitCodes: [0, 3] })).rejects.toMatchObject({ exitCode: 4 })
  })

  test('runs on some systems only', async () => {
    const other: Platform = process.platform === 'win32' ? 'linux' : 'win32'
    expect(await run({ inline: ['exit 1'], onlyOn: [other] })).toMatchObject({ events: [{ text: `skipped on ${process.platform}` }] })
    await expect(run({ inline: ['exit 1'], onlyOn: ['linux', 'darwin', 'win32'] })).rejects.toMatchObject({ exitCode: 1 })
  })

  test('ends with its signal', async () => {
    await expect(run({ inline: ['sleep 60 & sleep 60'] }, AbortSignal.timeout(100))).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(await readdir(workDirectory)).toEqual([])
  })

  test('reports an interpreter or a script that is missing', async () => {
    await expect(run({ inline: ['x'], interpreter: 'imago-no-such-shell' })).rejects.toMatchObject({ code: 'TOOL_MISSING' })
    await expect(run({ script: 'gone' })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })

  test('is a step with a title and inputs', () => {
    expect(shellLocal({ script: 'a/b.sh', only: ['aws'] })).toMatchObject({ type: 'shell-local', title: 'b.sh', only: ['aws'] })
    expect(shellLocal({ scripts: ['a'] }).inputs?.()).toEqual([{ path: 'a', at: ['scripts', 0], kind: 'file' }])
  })

  test('reports all problems of its options', () => {
    const wrong: object = { inline: ['a'], script: 'b', onlyOn: ['macos'], sudo: true, env: [] }
    const issues = shellLocal(wrong as ShellLocalOptions).validate?.() ?? [] // wrong on purpose
    expect(issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toMatchInlineSnapshot(`
      [
        "onlyOn.0: must be 'aix' or 'darwin' or 'freebsd' or 'linux' or 'openbsd' or 'sunos' or 'win32', not "macos"",
        "sudo: unknown option 'sudo'",
        "script: inline and script exclude each other",
      ]
    `)
  })
})
