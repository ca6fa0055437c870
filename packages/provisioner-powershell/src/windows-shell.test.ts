import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { StepOptions } from '@imago/core'
import { secret } from '@imago/core'
import { expectMachine, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { WindowsShellOptions } from './index.ts'
import { windowsShell } from './index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-windows-shell-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

const windows = () => fakeMachine({ platform: 'windows' })

async function provision(options: WindowsShellOptions & StepOptions, machine = windows()) {
  const context = provisionContext({ machine, directory })
  await windowsShell(options).provision(context)
  return { machine, said: context.said }
}

test('inline lines are a batch file that is run and removed', async () => {
  const { machine } = await provision({
    inline: ['net user', 'ver'],
    remotePath: 'C:/x/setup.bat',
    workdir: 'C:/',
    env: { T: secret('hunter22') },
  })
  expectMachine(machine).toHaveUploaded('C:/x/setup.bat', { content: '@echo off\r\nnet user\r\nver\r\n' })
  expect(machine.commands).toMatchObject([
    { command: String.raw`call "C:\x\setup.bat"`, cwd: 'C:\\', env: { IMAGO_BUILD_NAME: 'fake', T: 'hunter22' } },
    { command: expect.stringMatching(/^if exist "C:\\x\\setup\.bat" del \/f \/q /) },
  ])
})
test('scripts get lines that end with CRLF, and lose a byte order mark; other bytes stay', async () => {
  await writeFile(join(directory, 'a.bat'), Buffer.concat([Buffer.from('\uFEFFgoto x\n:x\r\n'), Buffer.from([0xfc])]))
  const { machine } = await provision({ script: 'a.bat' })
  const expected = Buffer.concat([Buffer.from('goto x\r\n:x\r\n'), Buffer.from([0xfc])])
  expectMachine(machine).toHaveUploaded(/^C:\/Windows\/Temp\/imago-[\w-]+\.bat$/, { content: expected })
})
test('a command of the user runs the file', async () => {
  const { machine } = await provision({
    inline: ['a'],
    remotePath: 'C:/a.cmd',
    command: ({ path, facts }) => `start /wait ${path} ${facts.image}`,
  })
  expect(machine.commands[0]?.command).toBe(String.raw`start /wait C:\a.cmd image`)
})
test('another exit code is an error, unless it is named', async () => {
  const machine = windows().on(/^call/, { exitCode: 9009 })
  await expect(provision({ inline: ['nginx'] }, machine)).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: "'nginx' ended with exit code 9009",
    hint: expect.stringContaining('not found'),
  })
  await provision({ inline: ['nginx'], validExitCodes: [9009] }, machine)
})
test('a script that ends the connection goes on with the next', async () => {
  for (const name of ['a.bat', 'b.bat']) await writeFile(join(directory, name), name)
  const machine = windows().on(/^call/, { disconnect: true }, {})
  await provision({ scripts: ['a.bat', 'b.bat'], expectDisconnect: true }, machine)
  expectMachine(machine).toHaveRun(/^call/, { times: 2 })
})
test('the step runs on Windows, and reports all problems at once', () => {
  expect(windowsShell({ inline: ['a'] })).toMatchObject({ type: 'windows-shell', platform: 'windows', title: 'a' })
  const options = { inlien: ['x'], remotePath: 'C:/x.ps1', env: { 'A-B': '' }, command: 'cmd' }
  const issues = windowsShell(options as unknown as WindowsShellOptions).validate?.() ?? [] // wrong on purpose
  expect(issues.map(({ path }) => path.join('.'))).toEqual(['env.A-B', 'command', 'remotePath', 'inlien', ''])
})
