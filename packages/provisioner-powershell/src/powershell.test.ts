import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Facts, StepOptions } from '@imago/core'
import { secret } from '@imago/core'
import { expectMachine, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { PowershellOptions } from './index.ts'
import { powershell } from './index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-powershell-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

const windows = () => fakeMachine({ platform: 'windows' })

async function provision(options: PowershellOptions & StepOptions, machine = windows()) {
  const context = provisionContext({ machine, directory })
  await powershell(options).provision(context)
  return { machine, said: context.said }
}

/** The start of the program, and the statements that it is given. */
const start = ['powershell', '-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command']

describe('what runs', () => {
  test('inline lines are a file that is run, stops at errors, and is removed', async () => {
    const { machine } = await provision({ inline: ['Get-Date', 'hostname'], remotePath: 'C:/x/setup.ps1' })
    expectMachine(machine).toHaveUploaded('C:/x/setup.ps1', { content: 'Get-Date\nhostname\n' })
    expect(machine.commands.map(({ command }) => command)).toEqual([
      [
        ...start,
        String.raw`$ProgressPreference = 'SilentlyContinue'; $ErrorActionPreference = 'Stop'; & 'C:\x\setup.ps1'; if (-not $? -and -not $LASTEXITCODE) { exit 1 }; exit $LASTEXITCODE`,
      ],
      String.raw`if exist "C:\x\setup.ps1" del /f /q "C:\x\setup.ps1" & if exist "C:\x\setup.ps1" exit /b 1`,
    ])
  })
  test('a file has a name of its own, and no mode, which Windows does not know', async () => {
    const { machine } = await provision({ inline: ['a'] })
    expect(machine.records[0]).toMatchObject({
      kind: 'upload',
      destination: expect.stringMatching(/^C:\\Windows\\Temp\\imago-[\w-]+\.ps1$/),
    })
    expect(machine.records[0]).not.toHaveProperty('mode')
  })
  test('scripts run as they are, in order, and decide themselves about errors', async () => {
    for (const name of ['a.ps1', 'b.ps1', 'c.ps1']) await writeFile(join(directory, name), `Write-Host ${name}\r\n`)
    const machine = windows()
      .on(/second/, { exitCode: 3 })
      .on(/-Command/, {}, { exitCode: 3 })
    await expect(provision({ scripts: ['a.ps1', 'b.ps1', 'c.ps1'] }, machine)).rejects.toThrow("'b.ps1' ended with exit code 3")
    expectMachine(machine)
      .toHaveUploaded(/ps1$/, { content: 'Write-Host a.ps1\r\n' })
      .notToHaveRun(/ErrorActionPreference/)
    expect(machine.records.filter(({ kind }) => kind === 'upload')).toHaveLength(2)
  })
  test('UTF-8 that is more than ASCII gets a byte order mark; other bytes stay', async () => {
    await writeFile(join(directory, 'latin.ps1'), Buffer.from([0xfc]))
    await writeFile(join(directory, 'marked.ps1'), '\uFEFFü')
    const scripts = ['latin.ps1', 'marked.ps1']
    const { machine } = await provision({ scripts })
    expectMachine(machine)
      .toHaveUploaded(/ps1$/, { content: Buffer.from([0xfc]) })
      .toHaveUploaded(/ps1$/, { content: '\uFEFFü' })
    expectMachine((await provision({ inline: ['"ü"'] })).machine).toHaveUploaded(/ps1$/, { content: '\uFEFF"ü"\n' })
  })
  test('a path with quotes is one for PowerShell too', async () => {
    const { machine } = await provision({ inline: ['a'], remotePath: "C:/it's/a.ps1" })
    expectMachine(machine).toHaveRun(/& .*C:\\it.*''.*s\\a\.ps1/)
    expect(String(machine.commands[0]?.command)).toContain(String.raw`& 'C:\it''s\a.ps1'`)
  })
  test.each([
    [{ usePwsh: true }, ['pwsh', '-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass']],
    [{ executionPolicy: 'RemoteSigned' }, ['powershell', '-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'RemoteSigned']],
    [{ executionPolicy: 'none' }, ['powershell', '-NoLogo', '-NoProfile', '-NonInteractive', '-Command']],
  ] satisfies [Partial<PowershellOptions>, string[]][])('%j starts %j', async (options, argv) => {
    const { machine } = await provision({ inline: ['a'], ...options })
    expect(machine.commands[0]?.command.slice(0, argv.length)).toEqual(argv)
  })
  test('trace shows lines', async () => {
    const { machine } = await provision({ inline: ['a'], trace: 1 })
    expectMachine(machine).toHaveRun(/; Set-PSDebug -Trace 1; &/)
  })
  test('a command of the user runs the file', async () => {
    const command = ({ path }: { path: string }) => ['powershell', '-Version', '2', '-File', path]
    const { machine } = await provision({ inline: ['a'], command, remotePath: 'C:/a.ps1', workdir: 'C:/b' })
    expect(machine.commands[0]).toMatchObject({ command: ['powershell', '-Version', '2', '-File', String.raw`C:\a.ps1`], cwd: 'C:\\b' })
  })
})

describe('environment', () => {
  test('has the facts, the options, and secrets, and is in no command and no file', async () => {
    const { machine, said } = await provision({ inline: ['x'], env: { A: ({ image }) => image, T: secret('hunter22') } })
    expect(machine.commands[0]?.env).toMatchObject({ IMAGO_BUILD_NAME: 'fake', PACKER_BUILDER_TYPE: 'fake', A: 'image', T: 'hunter22' })
    expect(said.secrets).toEqual(['hunter22'])
    for (const record of machine.records) expect(JSON.stringify({ ...record, env: {} })).not.toContain('hunter22')
  })
})

describe('how it ends', () => {
  test.each([
    [3010, 'windowsRestart'],
    [1, 'validExitCodes'],
    [9009, 'not found'],
    [-1_073_741_510, 'it was ended'],
    [3_221_225_786, 'it was ended'],
  ])('exit code %i has a hint', async (exitCode, hint) => {
    const machine = windows().on(/-Command/, { exitCode })
    await expect(provision({ inline: ['x'] }, machine)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      exitCode,
      hint: expect.stringContaining(hint),
    })
  })
  test('some codes are no failure, with their sign or without', async () => {
    const machine = windows().on(/-Command/, { exitCode: 3010 }, { exitCode: 4_294_967_295 }, { exitCode: -1 }, {})
    await provision({ inline: ['x'], validExitCodes: [0, 3010] }, machine)
    await provision({ inline: ['x'], validExitCodes: [-1] }, machine)
    await provision({ inline: ['x'], validExitCodes: [4_294_967_295] }, machine)
    await expect(provision({ inline: ['x'], validExitCodes: [3010] }, machine)).rejects.toThrow('exit code 0')
  })
  test('the file is removed after a failure and a cancel; that it cannot be is a warning', async () => {
    const machine = windows()
      .on(/-Command/, { exitCode: 1 }, { hang: true }, {})
      .on(/^if exist/, {}, {}, { exitCode: 1 })
    await expect(provision({ inline: ['x'] }, machine)).rejects.toThrow('exit code 1')
    const context = provisionContext({ machine, signal: AbortSignal.timeout(5) })
    await expect(powershell({ inline: ['x'] }).provision(context)).rejects.toMatchObject({ code: 'TIMEOUT' })
    expectMachine(machine).toHaveRun(/^if exist/, { times: 2 })
    const { said } = await provision({ inline: ['x'] }, machine)
    expect(said.events).toMatchObject([{ level: 'warning', text: expect.stringMatching(/^C:\\.*may still be in the machine/) }])
  })
  test('a broken connection is an error with a hint, or expected', async () => {
    const machine = windows().on(/-Command/, { disconnect: true })
    await expect(provision({ inline: ['x'] }, machine)).rejects.toMatchObject({
      code: 'DISCONNECTED',
      hint: expect.stringContaining('expectDisconnect'),
    })
    await provision({ inline: ['x'], expectDisconnect: true }, machine)
    expectMachine(machine).toHaveRun(/^if exist/, { times: 2 })
  })
})

describe('elevated', () => {
  const elevated = { user: 'packer', password: secret('hunter22') }

  test('a script runs in a task: with its environment in a file, its output handed on, and nothing left', async () => {
    const { machine, said } = await provision({ inline: ['x'], elevated, env: { A: "it's" }, workdir: 'C:/a' })
    const uploads = machine.records.filter((record) => record.kind === 'upload')
    const [script, launcher, runner] = uploads.map(({ files }) => Buffer.from(files[0]?.content ?? []).toString())
    expect(script).toBe('x\n')
    expect(launcher).toContain("$env:IMAGO_BUILD_NAME = 'fake'\r\n")
    expect(launcher).toContain("$env:A = 'it''s'\r\nSet-Location -LiteralPath 'C:\\a' -ErrorAction Stop\r\n")
    expect(launcher).toMatch(/\$ErrorActionPreference = 'Stop'\r\n& 'C:\\.*\.ps1'\r\n/)
    expect(runner).toContain("RegisterTaskDefinition($name, $task, 6, 'packer', $env:IMAGO_TASK_PASSWORD, 1)")
    const [runs, ...removals] = machine.commands
    expect(runs).toMatchObject({
      command: [...start.slice(0, -1), '-File', uploads[2]?.destination],
      env: { IMAGO_TASK_PASSWORD: 'hunter22' },
    })
    expect(removals.map(({ text }) => text.slice(0, 8))).toEqual(Array.from({ length: 4 }, () => 'if exist'))
    expect(said.secrets).toEqual(['hunter22'])
    for (const record of uploads) expect(Buffer.from(record.files[0]?.content ?? []).toString()).not.toContain('hunter22')
  })
  test('an account of Windows needs no password', async () => {
    const { machine } = await provision({ inline: ['x'], elevated: { user: 'SYSTEM' } })
    expectMachine(machine).toHaveUploaded(/ps1$/, { content: /\$task, 6, 'SYSTEM', \$null, 5\)/ })
    expect(machine.commands[0]?.env).toEqual({})
  })
  test('an empty password is none', async () => {
    const { machine } = await provision({ inline: ['x'], elevated: { user: 'SYSTEM', password: '' } })
    expectMachine(machine).toHaveUploaded(/ps1$/, { content: /\$task, 6, 'SYSTEM', \$null, 5\)/ })
  })
  test('a password may come from the facts', async () => {
    const context = provisionContext({ machine: windows(), facts: { ...provisionContext().facts, winrmPassword: 'swordfish' } })
    const password = (facts: Facts) => secret(String(facts.winrmPassword))
    await powershell({ inline: ['x'], elevated: { user: 'Administrator', password } }).provision(context)
    expect(context.said.secrets).toEqual(['swordfish'])
  })
  test('a task that is cancelled is ended', async () => {
    const machine = windows().on(/-File/, { hang: true })
    const context = provisionContext({ machine, signal: AbortSignal.timeout(5) })
    await expect(powershell({ inline: ['x'], elevated }).provision(context)).rejects.toMatchObject({ code: 'TIMEOUT' })
    expectMachine(machine).toHaveRun(/^schtasks \/end \/tn "imago-[\w-]+" .* schtasks \/delete \/f \/tn "imago-/)
  })
  test('the exit code of a task is the script’s', async () => {
    const machine = windows().on(/-File/, { exitCode: 3010 })
    await expect(provision({ inline: ['x'], elevated }, machine)).rejects.toMatchObject({ exitCode: 3010 })
  })
})

describe('the step', () => {
  test('runs on Windows, and keeps common options and its own apart', () => {
    const step = powershell({ inline: ['a'], name: 'install', only: ['aws'], timeout: '1m', expectDisconnect: true })
    expect(step).toMatchObject({ type: 'powershell', platform: 'windows', name: 'install', only: ['aws'], timeout: '1m', title: 'a' })
    expect(step.options).toEqual({ inline: ['a'] })
    expect(step.validate?.()).toEqual([])
    expect(powershell({ script: 'a' }).inputs?.()).toEqual([{ path: 'a', at: ['script'], kind: 'file' }])
  })
  test('reports all problems at once', () => {
    const options = {
      scirpt: 'x',
      executionPolicy: 'bypass',
      validExitCodes: [2 ** 32],
      remotePath: '/tmp/x.ps1',
      trace: 3,
      elevated: { user: 'packer' },
      command: () => '',
    }
    const issues = powershell(options as unknown as PowershellOptions).validate?.() ?? [] // wrong on purpose
    expect(issues.map(({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`))
      .toMatchInlineSnapshot(`
        [
          "executionPolicy: must be 'AllSigned' or 'Bypass' or 'Default' or 'RemoteSigned' or 'Restricted' or 'Undefined' or 'Unrestricted' or 'none', not "bypass"",
          "trace: must be 0 or 1 or 2, not 3",
          "validExitCodes.0: must be a code of 32 bits, not 4294967296",
          "remotePath: must be an absolute path of the machine, such as 'C:/Windows/Temp/setup.ps1', not "/tmp/x.ps1"",
          "scirpt: unknown option 'scirpt' (did you mean 'script'?)",
          ": one of inline, script and scripts is required",
          "elevated.password: is required for the user 'packer' (only accounts of Windows itself, such as 'SYSTEM', have none)",
          "elevated: elevated and command exclude each other (let the command say it)",
          "executionPolicy: executionPolicy and command exclude each other (let the command say it)",
          "trace: trace and command exclude each other (let the command say it)",
        ]
      `)
  })
  test('a script that PowerShell would not run is told', () => {
    expect(powershell({ inline: ['x'], remotePath: 'C:/x.txt' }).validate?.()).toMatchObject([{ message: expect.stringContaining('.ps1') }])
    expect(powershell({ inline: ['x'], remotePath: 'C:/x%.ps1' }).validate?.()).toHaveLength(1)
  })
})
