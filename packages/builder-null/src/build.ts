import { clearAuthorizedKey, publicKeyOf, sshCommunicator } from '@imago/communicator-ssh'
import { winrmCommunicator } from '@imago/communicator-winrm'
import type { BuildContext, Communicator } from '@imago/core'
import { noMachine, reveal } from '@imago/core'

import type { NoArtifact } from './null-builder.ts'
import type { NullOptions, SshHost, WinrmHost } from './null-options.ts'

/** Provisions the machine. */
export async function build(options: NullOptions, ctx: BuildContext): Promise<NoArtifact> {
  if (options.communicator === 'none') {
    await ctx.provision(noMachine)
    return { type: 'none', id: 'none' }
  }
  if (options.communicator === 'local') {
    const { LocalMachine } = await import('./local-machine.ts')
    await using machine = new LocalMachine(ctx)
    await ctx.provision(machine, { host: 'localhost' })
    return { type: 'none', id: 'local' }
  }
  return options.communicator === 'winrm' ? await buildOverWinrm(options, ctx) : await buildOverSsh(options, ctx)
}

async function buildOverWinrm(options: WinrmHost, ctx: BuildContext): Promise<NoArtifact> {
  const { host, tls = false, user = 'Administrator', password } = options
  const port = options.port ?? (tls === false ? 5985 : 5986)
  const id = `${user}@${host}:${port}`
  // a host that is there already does not change its mind about a login
  await using machine = await ctx.step('connect', `connect to ${id}`, async (step) =>
    winrmCommunicator({ loginAttempts: 1, ...options }, { ...ctx, emit: step.emit, signal: ctx.signal }),
  )
  await ctx.provision(machine, { host, port, user, winrmPassword: reveal(password) })
  return { type: 'none', id }
}

async function buildOverSsh(options: SshHost, ctx: BuildContext): Promise<NoArtifact> {
  const { host, port = 22, user = 'root', key } = options
  const id = `${user}@${host}:${port}`
  // a host that is there already does not change its mind about a login
  await using machine = await ctx.step('connect', `connect to ${id}`, async (step) =>
    sshCommunicator({ loginAttempts: 1, ...options }, { ...ctx, emit: step.emit, signal: ctx.signal }),
  )
  await ctx.provision(machine, { host, port, user })
  if (options.clearAuthorizedKeys === true && key !== undefined) await removeKey(key, machine, id, ctx)
  return { type: 'none', id }
}

async function removeKey(key: NonNullable<SshHost['key']>, machine: Communicator, id: string, ctx: BuildContext): Promise<void> {
  await ctx.step('clear-key', `remove the build's key from ${id}`, async ({ signal, emit }) => {
    const wasThere = await clearAuthorizedKey(machine, await publicKeyOf(key, ctx), { signal })
    if (!wasThere) emit({ type: 'message', level: 'warning', text: `the authorized_keys of ${id} does not hold the build's key` })
  })
}
