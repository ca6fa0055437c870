import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, rm } from 'node:fs/promises'

import { expect, onTestFinished, test } from 'vitest'

import { findMachines, machineFolder, machineName, makeMachineFolder, qemuMachine } from './machine-resource.ts'

const signal = new AbortController().signal

/** A process with such arguments, which ends by being killed only. */
function spawnWith(args: readonly string[]): {
  readonly child: ChildProcess
  readonly up: Promise<unknown>
  readonly ended: Promise<string | null>
} {
  const script = 'process.stdout.write("up"); setInterval(() => {}, 1000)'
  const child = spawn(process.execPath, ['-e', script, '--', ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<string | null>((resolve) => {
    child.once('exit', (_, name) => resolve(name))
  })
  return { child, up: once(child.stdout, 'data'), ended }
}

function recordOf(name: string): Parameters<typeof qemuMachine.destroy>[0] {
  const { kind, package: packageName } = qemuMachine
  return { runId: 'run', image: 'cow', build: 'vm', kind, package: packageName, name, data: { folder: machineFolder(name) } }
}

test('a machine is removed by its name: its processes, the folder of its sockets, and nothing else', async () => {
  const name = machineName({ runId: `test${process.pid}`, image: 'cow/1', build: 'vm' })
  expect(name).toBe(`imago-test${process.pid}-cow_1-vm`)
  const folder = machineFolder(name)
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }))
  await makeMachineFolder(folder, name, { 'imago.run': 'run', 'imago.owner': 'me', 'imago.image': 'cow/1', 'imago.build': 'vm' })
  const machine = spawnWith(['-name', `guest=${name}`])
  const tpm = spawnWith(['--ctrl', `type=unixio,path=${folder}/tpm`])
  const other = spawnWith(['-name', `guest=${name}2`, '--folder', folder])
  await Promise.all([machine.up, tpm.up, other.up])
  const found = (await findMachines()).filter(({ record }) => record.name === name)
  expect(found).toEqual([{ owner: 'me', record: { ...recordOf(name), image: 'cow/1' } }])

  await qemuMachine.destroy(recordOf(name), signal)
  expect(await machine.ended).toBe('SIGKILL')
  expect(await tpm.ended).toBe('SIGKILL')
  expect(other.child.exitCode).toBeNull()
  await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' })
  await qemuMachine.destroy(recordOf(name), signal) // once more, which is no error
})

test('a folder that is there already is not taken over', async () => {
  const name = `imago-test${process.pid}-taken`
  const folder = machineFolder(name)
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }))
  await makeMachineFolder(folder, name, {})
  await expect(makeMachineFolder(folder, name, {})).rejects.toMatchObject({ code: 'EEXIST' })
  expect((await findMachines()).filter(({ record }) => record.name === name)).toEqual([]) // without labels it is nobody's
})
