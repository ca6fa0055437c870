import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { BuildContext } from '@imago/core'
import { ImagoError, noMachine } from '@imago/core'
import { expect, test } from 'vitest'

import { temporaryFolder } from '../test/folder.ts'
import { SerialConsole } from './serial-console.ts'
import type { MachineUse } from './use-machine.ts'
import { useMachine } from './use-machine.ts'
import type { VirtualMachine } from './virtual-machine.ts'

/** How a build fails whose machine is reached, or is not, and what its error says to do. */
async function failing(problem: ImagoError, { isReached }: { readonly isReached: boolean }) {
  const directory = await temporaryFolder()
  await writeFile(join(directory, 'serial'), 'boot')
  const signal = new AbortController().signal
  const machine: Partial<VirtualMachine> = {
    name: 'cow',
    lost: signal,
    onRestart: () => () => undefined,
    saveScreen: async (base) => `${base}.png`,
    close: () => undefined,
  }
  const ctx: Partial<BuildContext> = { directory, signal, emit: () => undefined, provision: () => Promise.reject(problem) }
  const use: Partial<MachineUse> = {
    machine: machine as VirtualMachine,
    serial: new SerialConsole(),
    options: {},
    ctx: ctx as BuildContext,
    seeds: {
      facts: { buildName: 'vm', builderType: 'qemu', runId: 'run', image: 'cow' },
      summary: () => 'the guest has asked for nothing',
    },
    connect: () => (isReached ? Promise.resolve({ way: noMachine, facts: {} }) : Promise.reject(problem)),
    facts: {},
    evidence: { picture: join(directory, 'failed'), log: join(directory, 'failed.log'), serial: join(directory, 'serial') },
    hasOwnKeys: true,
  }
  const thrown: unknown = await useMachine(use as MachineUse).catch((reason: unknown) => reason) // nothing else of all that is used
  return { thrown, look: `look at ${join(directory, 'failed.png')} and ${join(directory, 'failed.log')}` }
}

test('the error of a step says where the picture of the screen is', async () => {
  const cause = new Error('why')
  const { thrown, look } = await failing(new ImagoError('COMMAND_FAILED', 'it failed', { exitCode: 7, hint: 'do this', cause }), {
    isReached: true,
  })
  expect(thrown).toMatchObject({ code: 'COMMAND_FAILED', message: 'it failed', exitCode: 7, cause, hint: `do this; ${look}` })
})

test('a machine that was not reached: also what may have been the reason', async () => {
  const { thrown, look } = await failing(new ImagoError('AUTHENTICATION_FAILED', 'no'), { isReached: false })
  expect(thrown).toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    hint: `no login was given, so a key pair was made: give the guest facts.sshPublicKey, or the build 'ssh.key' or 'ssh.password'; the guest has asked for nothing; ${look}`,
  })
})
