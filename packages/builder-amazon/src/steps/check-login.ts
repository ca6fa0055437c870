import { publicKeyOf } from '@imago/communicator-ssh'
import type { ComponentContext } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { ConnectOptions } from '../options/connect.ts'
import { sshConnect } from '../options/connect.ts'
import { checkWindowsKey } from './windows-password.ts'

/**
 * Whether there is what the options want to log in with.
 * @throws ImagoError `INPUT_MISSING` for a key that is not there; `DEFINITION_INVALID` for one that cannot be read, one that Windows cannot
 * encrypt its password with, and an agent that is nowhere
 */
export async function checkLogin(
  connect: ConnectOptions | undefined,
  ctx: Pick<ComponentContext, 'directory' | 'maskSecret'>,
): Promise<void> {
  const { key, agent, windowsPassword } = sshConnect(connect) ?? {}
  if (agent === true && process.env['SSH_AUTH_SOCK'] === undefined) {
    throw new ImagoError('DEFINITION_INVALID', 'the SSH agent is asked for, and SSH_AUTH_SOCK is not set', {
      hint: 'start one, or give the key: connect.key',
    })
  }
  if (key === undefined) return
  if (windowsPassword === undefined) await publicKeyOf(key, ctx)
  else await checkWindowsKey(key, ctx.directory)
}
