import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Communicator } from '@imago/core'

import { checkBuilt, needs, output, whyNoNamespaces } from './bench.ts'
import type { TestMachine } from './machine.ts'
import { startTestMachine } from './machine.ts'

checkBuilt()
const { skip, why } = needs('userns', await whyNoNamespaces())

describe.skipIf(skip)(`a process in a root${why}`, () => {
  let test: TestMachine
  let machine: Communicator
  /** Input that a session does not take: the command gets a process of its own. */
  const stdin = Buffer.from('\0')

  beforeAll(async () => {
    test = await startTestMachine(['sh', 'cat', 'id', 'sleep'])
    machine = test.connect()
  })
  afterAll(async () => {
    await machine[Symbol.asyncDispose]()
    await test[Symbol.asyncDispose]()
  })

  for (const [what, options] of [
    ['in a session', {}],
    ['of its own', { stdin }],
  ] as const) {
    it(`can open its streams again (${what})`, async () => {
      const { exitCode, stdout, stderr } = await output(machine, 'echo out >/dev/stdout; echo oops >/dev/stderr', options)
      expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'out\n', stderr: 'oops\n' })
    })

    it(`takes variables that are meant for its loader, and only inside (${what})`, async () => {
      const env = { LD_LIBRARY_PATH: '/nowhere', LD_DEBUG: '' }
      expect((await output(machine, 'echo $LD_LIBRARY_PATH', { ...options, env })).stdout).toBe('/nowhere\n')
    })

    it(`has nothing of this machine's environment (${what})`, async () => {
      const variables = (await output(machine, 'export -p', options)).stdout
      expect(variables).toContain('HOME')
      expect(variables).not.toMatch(/VITEST|npm_|NODE_/)
    })

    it(`is root, in no other group, with a parent that adopts orphans (${what})`, async () => {
      expect((await output(machine, 'id -u; id -G', options)).stdout).toBe('0\n0\n')
      const { stdout } = await output(machine, '(sleep 0.05 & cat /proc/1/comm) ; sleep 0.2; cat /proc/[0-9]*/stat', options)
      expect(stdout.split('\n').filter((line) => / Z /.test(line))).toEqual([])
    })
  }

  it('runs without a shell', async () => {
    const bare = await startTestMachine(['cat'])
    const communicator = bare.connect()
    try {
      expect((await output(communicator, ['cat', '/etc/group'])).stdout).toContain('root')
      expect((await output(communicator, ['cat'], { stdin: 'text' })).stdout).toBe('text')
      expect((await output(communicator, 'true')).exitCode).toBe(127)
      const ending = communicator.exec(['cat', '/dev/zero'], { signal: AbortSignal.timeout(100) })
      await expect(ending).rejects.toMatchObject({ code: 'TIMEOUT' })
    } finally {
      await bare[Symbol.asyncDispose]()
    }
  })

  it('is followed by another shell when a step has killed the one that is open', async () => {
    await expect(machine.exec('kill -9 $PPID; kill -9 $$')).rejects.toMatchObject({ code: 'DISCONNECTED' })
    expect((await output(machine, 'echo on')).stdout).toBe('on\n')
  })

  it('says so when its machine is gone', async () => {
    await test.machine.stop(new AbortController().signal)
    await expect(machine.exec('true')).rejects.toMatchObject({ code: 'MACHINE_LOST' })
  })
})
