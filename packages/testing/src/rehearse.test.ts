import type { Provisioner } from '@imago/core'
import { defineImage, ImagoError } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { expectMachine } from './expect-machine.ts'
import { fakeBuilder } from './fake-builder.ts'
import { fakeMachine } from './fake-machine.ts'
import { planOf } from './plan-of.ts'
import { rehearse } from './rehearse.ts'

/** A provisioner that runs a command. */
function command(line: string, only: readonly ('a' | 'b')[] = ['a', 'b']): Provisioner<'a' | 'b'> {
  return {
    kind: 'provisioner',
    type: 'command',
    options: { line },
    only,
    async provision({ machine, output, signal, env }) {
      const { exitCode } = await machine.exec(line, { env, signal, onOutput: output })
      if (exitCode !== 0) throw new ImagoError('COMMAND_FAILED', `${line}: exit code ${exitCode}`, { exitCode })
    },
  }
}

/** A builder that must not be used. */
const unusable = fakeBuilder({ type: 'aws', failAt: 'create' })
const image = defineImage({
  name: 'cow',
  builders: { a: unusable, b: fakeBuilder() },
  provisioners: [command('first'), command('second', ['a']), command('third')],
})

describe('rehearse', () => {
  test('runs the provisioners of each build on its fake machine, and no builder', async () => {
    const { machines, report, events } = await rehearse(image)
    expectMachine(machines.a).inOrder(['first', 'second', { command: 'third', env: { IMAGO_BUILDER_TYPE: 'aws' } }])
    expectMachine(machines.b).toHaveRun('third').notToHaveRun('second')
    expect(unusable.phases).toEqual([])
    expect(report.status).toBe('succeeded')
    expect(events.unbalanced()).toEqual([])
  })

  test('runs the selected builds only', async () => {
    const { machines } = await rehearse(image, { only: ['b'] })
    expect(machines.a.records).toEqual([])
    expect(machines.b.records).toHaveLength(2)
  })

  test('takes machines with answers, and says which step failed', async () => {
    const a = fakeMachine({ name: 'a' }).on('second', { exitCode: 3, stdout: 'no\n' })
    await expect(rehearse(image, { machines: { a } })).rejects.toThrow(
      'the rehearsal failed:\n  a, provisioners[1] (command): second: exit code 3',
    )
    expectMachine(a).notToHaveRun('third')
  })

  test('may fail when that is what is tested', async () => {
    const a = fakeMachine({ name: 'a' }).on('second', { exitCode: 3, stdout: 'no\n' })
    const { report, events } = await rehearse(image, { machines: { a }, mayFail: true })
    expect(report.builds.map(({ build, status }) => [build, status])).toEqual([
      ['a', 'failed'],
      ['b', 'succeeded'],
    ])
    expect(events.output('a')).toBe('no\n')
    expect(events.steps('a').map(({ status }) => status)).toEqual(['succeeded', 'failed'])
  })

  test('reports the problems of the definition', async () => {
    const wrong = defineImage({ name: 'COW', builders: { a: fakeBuilder({ issues: [{ path: ['image'], message: 'is required' }] }) } })
    await expect(rehearse(wrong)).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      issues: [{ path: ['name'] }, { path: ['builders', 'a', 'image'] }],
    })
  })
})

test('a step for another platform fails, and says what to use', async () => {
  const a = fakeMachine({ name: 'a', platform: 'windows' })
  const parts = { name: 'cow', builders: { a: fakeBuilder(), b: fakeBuilder() } }
  const shells = defineImage({
    ...parts,
    provisioners: [
      { ...command('posix', ['a']), platform: 'posix' as const },
      { ...command('windows', ['b']), platform: 'windows' as const },
    ],
  })
  const { report } = await rehearse(shells, { machines: { a }, mayFail: true })
  expect(report.builds.map(({ error }) => error)).toMatchObject([
    {
      code: 'UNSUPPORTED',
      message: 'command runs in a POSIX shell, and this machine runs Windows',
      hint: 'use powershell() or windowsShell()',
    },
    { code: 'UNSUPPORTED', message: 'command runs on Windows, and this machine does not', hint: 'use shell()' },
  ])
  const { machines } = await rehearse(
    defineImage({ ...parts, provisioners: [{ ...command('dir', ['a']), platform: 'windows' as const }] }),
    { machines: { a: fakeMachine({ platform: 'windows' }) } },
  )
  expectMachine(machines.a).toHaveRun('dir')
})

test('planOf is what a run would do', () => {
  expect(planOf(image, { only: ['b'] }).builds).toMatchObject([
    { build: 'b', provisioners: [{ id: 'provisioners[0]' }, { id: 'provisioners[2]' }] },
  ])
})
