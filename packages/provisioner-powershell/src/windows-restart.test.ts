import { ImagoError } from '@imago/core'
import { expectMachine, fakeMachine, provisionContext } from '@imago/testing'
import { expect, test } from 'vitest'

import type { WindowsRestartOptions } from './index.ts'
import { windowsRestart } from './index.ts'

const windows = () => fakeMachine({ platform: 'windows' })

async function restart(options: WindowsRestartOptions, machine = windows()) {
  await windowsRestart(options).provision(provisionContext({ machine, build: 'server' }))
  return machine
}

test('restarts the machine, with what is given, and asks nothing more', async () => {
  const machine = await restart({ command: 'shutdown /r /t 5', within: '20m' })
  expect(machine.records).toEqual([{ kind: 'restart', command: 'shutdown /r /t 5', within: '20m' }])
})
test('waits for the check, and for a machine that restarts once more', async () => {
  const machine = windows().on('net start spooler', { exitCode: 2 }, { disconnect: true }, {})
  await restart({ check: 'net start spooler' }, machine)
  expectMachine(machine).toHaveRun('net start spooler', { times: 3 })
})
test('waits until keys of the registry are gone', async () => {
  const named = await restart({ registryKeys: ['HKLM:\\SOFTWARE\\Cow'] })
  expect(named.commands[0]?.command).toEqual([
    'powershell',
    '-NoLogo',
    '-NoProfile',
    '-NonInteractive',
    '-ExecutionPolicy',
    'Bypass',
    '-Command',
    "foreach ($key in 'HKLM:\\SOFTWARE\\Cow') { if (Test-Path -LiteralPath $key) { Write-Output ($key + ' is there'); exit 1 } }",
  ])
  expectMachine(await restart({ registryKeys: true })).toHaveRun(/RebootPending.*PackagesPending.*RebootInProgress/)
  expect((await restart({ registryKeys: false })).commands).toEqual([])
})
test('says what was missing when the time is over', async () => {
  const check = windows().on('x', { exitCode: 7 })
  await expect(restart({ check: 'x', within: '50ms' }, check)).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining("the machine of 'server' is not ready"),
    hint: 'the check ended with exit code 7 at last',
  })
  const keys = windows().on(/Test-Path/, { exitCode: 1 })
  await expect(restart({ registryKeys: true, within: '50ms' }, keys)).rejects.toMatchObject({ hint: expect.stringContaining('registry') })
})
test('a cancel is a cancel, and a failure of the restart its own', async () => {
  const machine = windows().on('x', { hang: true })
  const context = provisionContext({ machine, signal: AbortSignal.abort(new ImagoError('CANCELLED', 'cancelled')) })
  await expect(windowsRestart({ check: 'x' }).provision(context)).rejects.toMatchObject({ code: 'CANCELLED' })
  const failing = windows().onRestart({ error: new ImagoError('COMMAND_FAILED', 'no') })
  await expect(restart({}, failing)).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
})
test('a machine that cannot restart is an error', async () => {
  const machine = fakeMachine({ platform: 'windows', restarts: false })
  await expect(restart({}, machine)).rejects.toMatchObject({ code: 'UNSUPPORTED', message: "the machine of 'server' cannot restart" })
})
test('the step runs on Windows, and reports its problems', () => {
  expect(windowsRestart({ only: ['aws'] })).toMatchObject({ type: 'windows-restart', platform: 'windows', only: ['aws'], options: {} })
  const options = { withn: '1m', registryKeys: [], check: '' }
  const issues = windowsRestart(options).validate?.() ?? [] // wrong on purpose
  expect(issues.map(({ path }) => path.join('.'))).toEqual(['check', 'registryKeys', 'withn'])
})
