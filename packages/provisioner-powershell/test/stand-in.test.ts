import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { winrmCommunicator } from '@imago/communicator-winrm'
import type { Job, WinrmStandIn } from '@imago/communicator-winrm/stand-in'
import { startWinrmStandIn } from '@imago/communicator-winrm/stand-in'
import type { Provisioner } from '@imago/core'
import { secret } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { expect, onTestFinished, test } from 'vitest'

import { powershell, windowsRestart, windowsShell } from '../src/index.ts'

/*
 * Over real connections to a stand-in for Windows. It runs the commands of `cmd.exe` that these steps give; PowerShell is interpreted by
 * what follows, which knows the few statements of these tests.
 */

async function standIn(): Promise<WinrmStandIn> {
  const directory = await mkdtemp(join(tmpdir(), 'imago-windows-'))
  const stand = await startWinrmStandIn({ directory, password: 'correct horse' })
  onTestFinished(async () => {
    await stand[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })
  return stand.on(/^powershell .*-Command \^"\$ProgressPreference/, runScript)
}

/** Runs the script that a command names: `Write-Output`, variables of the environment, and `exit`. */
async function runScript(job: Job): Promise<number> {
  const path = /'(C:\\[^']*\.ps1)'/.exec(job.line)?.[1] ?? ''
  for (const line of (await readFile(job.drive.local(path), 'utf8')).replace('\uFEFF', '').split(/\r?\n/)) {
    const [, word = '', rest = ''] = /^(\S+) ?(.*)$/.exec(line) ?? []
    if (word === 'exit') return Number(rest)
    if (word === 'Write-Output') job.write('stdout', `${rest.replaceAll(/\$env:(\w+)/g, (_, name: string) => job.env.get(name) ?? '')}\r\n`)
  }
  return 0
}

async function provision(stand: WinrmStandIn, step: Provisioner) {
  const { host, port } = stand
  const context = provisionContext()
  const machine = await winrmCommunicator({ host, port, password: 'correct horse', timeout: '20s' }, context)
  onTestFinished(async () => await machine[Symbol.asyncDispose]())
  await step.provision({ ...context, machine })
  return context.said
}

const temporaryFiles = async ({ drive }: WinrmStandIn): Promise<string[]> => await readdir(drive.local('C:\\Windows\\Temp'))

test('a script of PowerShell has its environment, says what it says, and leaves nothing', async () => {
  const stand = await standIn()
  const inline = ['Write-Output $env:WORD of $env:PACKER_BUILD_NAME, ü', 'exit 3']
  const said = await provision(stand, powershell({ inline, env: { WORD: secret('hunter22') }, validExitCodes: [3] }))
  expect(said.stdout).toBe('hunter22 of fake, ü\r\n')
  await expect(provision(stand, powershell({ inline }))).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode: 3 })
  expect(await temporaryFiles(stand)).toEqual([])
  expect(stand.lines.join('\n')).not.toContain('hunter22')
})

test('a batch file runs, in its folder, and leaves nothing', async () => {
  const stand = await standIn()
  const inline = ['cd', 'echo %WORD%', 'echo kept > C:\\kept.txt', 'exit /b 7', 'echo not this']
  const step = windowsShell({ inline, env: { WORD: 'moo' }, workdir: 'C:/Windows', validExitCodes: [7] })
  const said = await provision(stand, step)
  expect(said.stdout).toBe('C:\\Windows\r\nmoo\r\n')
  expect(existsSync(stand.drive.local('C:\\kept.txt'))).toBe(true)
  expect(await temporaryFiles(stand)).toEqual([])
})

test('an elevated script is brought with what runs it, and nothing of it stays', async () => {
  const stand = await standIn()
  stand.on(/^powershell .*-File C:\\Windows\\Temp\\imago-[\w-]+\.ps1$/, async (job) => {
    const runner = await readFile(job.drive.local(/-File (\S+)$/.exec(job.line)?.[1] ?? ''), 'utf8')
    const launcher = /-File (C:\\\S+\.ps1) >/.exec(runner)?.[1] ?? ''
    job.write('stdout', await readFile(job.drive.local(launcher)))
    return job.env.get('IMAGO_TASK_PASSWORD') === 'hunter22' ? 3010 : 1
  })
  const step = powershell({
    inline: ['x'],
    elevated: { user: 'me', password: secret('hunter22') },
    env: { A: 'b' },
    validExitCodes: [3010],
  })
  const said = await provision(stand, step)
  expect(said.stdout).toContain("$env:A = 'b'\r\n")
  expect(await temporaryFiles(stand)).toEqual([])
  expect(stand.lines.join('\n')).not.toContain('hunter22')
})

test('a restart is waited for, and what is to be checked after it', { timeout: 30_000 }, async () => {
  const stand = await standIn()
  let looks = 0
  stand.on(/^ready\?$/, () => (++looks < 3 ? 1 : 0)).on(/^powershell .*Test-Path/, () => 0)
  await provision(stand, windowsRestart({ check: 'ready?', registryKeys: true, within: '20s' }))
  expect([stand.restarts, looks]).toEqual([1, 3])
})

test('a script that restarts the machine leaves nothing either, when that is back', { timeout: 30_000 }, async () => {
  const stand = await standIn()
  stand.on(/^goes down$/, async () => {
    void stand.restart(1000)
    await new Promise(() => {})
    return 0
  })
  await provision(stand, windowsShell({ inline: ['goes down'], expectDisconnect: true }))
  expect([stand.restarts, await temporaryFiles(stand)]).toEqual([1, []])
})
