import { publicKeyOf } from '@imago/communicator-ssh'
import type { ComponentContext } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { ConnectOptions } from '../options/connect.ts'
import { wayInto, windowsPasswordOf } from '../options/connect.ts'
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
  const way = wayInto(connect)
  if (way === undefined) return
  if (way.communicator !== 'winrm' && way.agent === true && process.env['SSH_AUTH_SOCK'] === undefined) {
    throw new ImagoError('DEFINITION_INVALID', 'the SSH agent is asked for, and SSH_AUTH_SOCK is not set', {
      hint: 'start one, or give the key: connect.key',
    })
  }
  if (way.key === undefined) return
  if (windowsPasswordOf(way) === undefined) await publicKeyOf(way.key, ctx)
  else await checkWindowsKey(way.key, ctx.directory)
}
