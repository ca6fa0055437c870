import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Answer, FakeMachine } from '@imago/testing'
import { expectMachine, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Agent } from './agent.ts'
import { installAgent } from './install-agent.ts'
import type { Installation } from './installation.ts'

const agent: Agent = { title: 'Moo', program: 'moo', folders: [], packages: { 'apt-get': ['moo-agent'], apk: ['moo'] } }

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-install-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

/** A machine that has the agent after it has been looked for so many times. */
function machine(manager: string, ...found: readonly Answer[]): FakeMachine {
  const [first = { exitCode: 1 }, ...next] = found
  return fakeMachine()
    .on(/command -v -- .* moo/, first, ...next)
    .on(/command -v "\$p" >/, manager === '' ? { exitCode: 1 } : { stdout: `${manager}\n` })
}

const absent = { exitCode: 1 }
const present = { stdout: '/usr/bin/moo\n' }

async function install(how: Installation, target: FakeMachine) {
  const context = provisionContext({ machine: target, directory, workDirectory: directory })
  return { program: await installAgent(agent, { install: how }, { http_proxy: 'http://proxy' }, context), said: context.said }
}

describe('installAgent', () => {
  test('does nothing when the agent is there', async () => {
    for (const how of ['none', 'package', { packages: ['x'] }, { script: 'gone.sh' }] as const) {
      const target = machine('apt-get', present)
      expect((await install(how, target)).program).toBe('/usr/bin/moo')
      expect(target.commands).toHaveLength(1)
    }
  })

  test('installs the package that the manager knows, as root, with the environment', async () => {
    const target = machine('apt-get', absent, present)
    const { said } = await install('package', target)
    expect(said.events).toMatchObject([{ text: expect.stringMatching(/^Moo is installed \(\/usr\/bin\/moo, .*\)$/) }])
    expectMachine(target).inOrder([/exec apt-get -q .* update <\/dev\/null/, /exec apt-get -q -y .* install -- moo-agent <\/dev\/null/])
    expectMachine(target).toHaveRun(/^export DEBIAN_FRONTEND=noninteractive$/m)
    expectMachine(target).toHaveRun(/^export http_proxy=http:\/\/proxy$/m)
    const other = machine('apk', absent, present)
    await install({ packages: ['moo=1', 'cow'] }, other)
    expectMachine(other).toHaveRun(/exec apk add --no-cache -- moo=1 cow <\/dev\/null/)
  })

  test('says what is wrong with packages', async () => {
    await expect(install('package', machine('', absent))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(install('package', machine('zypper', absent))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'no package of Moo is known for zypper',
    })
    const target = machine('apt-get', absent).on(/install -- moo-agent/, { exitCode: 100 })
    await expect(install('package', target)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/^'apt-get .* install -- moo-agent' ended with exit code 100$/),
      exitCode: 100,
    })
    await expect(install('package', machine('apk', absent))).rejects.toMatchObject({ code: 'TOOL_MISSING' })
  })

  test('runs a script of its own with its interpreter and arguments, and removes it', async () => {
    await writeFile(join(directory, 'i.sh'), '#!/bin/bash -e\necho\n')
    const target = machine('', absent, present)
    await install({ script: 'i.sh', arguments: ['-v', '18'] }, target)
    expectMachine(target).inOrder([
      /exec \/bin\/bash -e (\/tmp\/imago-moo-install-\w+)\/install -v 18 <\/dev\/null/,
      /rm -rf -- \/tmp\/imago-moo-install/,
    ])
    const [upload] = target.records.filter((record) => record.kind === 'upload')
    const script = Buffer.from('#!/bin/bash -e\necho\n')
    expect(upload?.files).toMatchObject([{ path: expect.stringMatching(/\/install$/), mode: 0o700, content: script }])
  })

  test('runs a command as root, with the environment, and says how it failed', async () => {
    const command = "curl -fsSL https://a/b.sh | sh -s -- '-v' 18"
    const target = machine('', absent, present)
    await install({ command }, target)
    expectMachine(target).toHaveRun(/exec sh -c .*curl -fsSL https:\/\/a\/b.sh \| sh -s -- .*-v.* 18/)
    expectMachine(target).toHaveRun(/^export http_proxy=http:\/\/proxy$/m)
    const failing = machine('', absent).on(/curl/, { exitCode: 22 })
    await expect(install({ command }, failing)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: `the command that installs Moo ended with exit code 22: ${command}`,
      exitCode: 22,
    })
    await expect(install({ command }, machine('', absent))).rejects.toMatchObject({ code: 'TOOL_MISSING' })
  })

  test('runs no script whose digest is another, and says how one failed', async () => {
    await writeFile(join(directory, 'i.sh'), 'echo\n')
    const target = machine('', absent)
    await expect(install({ script: 'i.sh', checksum: '0'.repeat(64) }, target)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
    expect(target.commands).toHaveLength(1)
    const failing = machine('', absent)
      .on(/\/install/, { exitCode: 3 })
      .on(/rm -rf/, {})
    await expect(install({ script: 'i.sh' }, failing)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: "the script 'i.sh', which installs Moo, ended with exit code 3",
      exitCode: 3,
    })
  })
})
