import { constants, publicEncrypt, randomBytes } from 'node:crypto'

import type { InstanceResource } from '../state/region.ts'
import type { Placed } from './instance-lifecycle.ts'
import { rsaPublicKey } from './key-material.ts'

/** The administrator's password of a new Windows instance, encrypted for its key pair, in base64; empty where there is none. */
export function windowsPassword({ data }: InstanceResource, { region, world }: Placed): string {
  const key = region.keyPairs.all().find(({ data: pair }) => pair.KeyName === data.KeyName)?.data
  if (data.Platform !== 'Windows' || key?.KeyType !== 'rsa' || key.PublicKey === undefined) return ''
  const password = Buffer.from(world.windowsPassword ?? randomBytes(18).toString('base64url'))
  return publicEncrypt({ key: rsaPublicKey(key.PublicKey), padding: constants.RSA_PKCS1_PADDING }, password).toString('base64')
}
