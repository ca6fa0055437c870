import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import { fileSystemError, ImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'

const userDataBytes = 16_384

/**
 * What the instance runs when it first starts, as bytes.
 * @throws ImagoError `DEFINITION_INVALID` for more than AWS takes; `INPUT_MISSING` for a file that is not there
 */
export async function readUserData({ launch }: Pick<InstanceOptions, 'launch'>, directory: string): Promise<Uint8Array | undefined> {
  const userData = launch?.userData
  if (userData === undefined) return undefined
  if (typeof userData === 'string') return withinLimit(Buffer.from(userData), 'user data')
  const content = await readFile(resolve(directory, userData.file)).catch((error: unknown) => {
    throw fileSystemError(error, `user data '${userData.file}'`)
  })
  return withinLimit(content, `user data '${userData.file}'`)
}

function withinLimit(content: Uint8Array, what: string): Uint8Array {
  if (content.length <= userDataBytes) return content
  throw new ImagoError('DEFINITION_INVALID', `${what} has ${content.length} bytes, and AWS takes ${userDataBytes}`, {
    hint: 'compress it with gzip, which cloud-init understands, or upload it with a provisioner',
  })
}
