import { randomBytes } from 'node:crypto'

import { apiError } from '../api-error.ts'
import type { Call, StsOperations } from '../operation.ts'
import { decodeAuthorizationMessage } from './authorization-message.ts'

/** Who somebody is, and becoming somebody else. */
export const tokenServiceOperations: StsOperations<
  'GetCallerIdentity' | 'AssumeRole' | 'AssumeRoleWithWebIdentity' | 'GetSessionToken' | 'DecodeAuthorizationMessage'
> = {
  GetCallerIdentity: {
    run(_, { world, accessKeyId }) {
      const session = world.sessions.get(accessKeyId)
      if (session !== undefined) return { Account: session.arn.split(':')[4], Arn: session.arn, UserId: session.userId }
      return { Account: world.account, Arn: `arn:aws:iam::${world.account}:user/emulator`, UserId: 'AIDAEMULATOR000000000' }
    },
  },
  AssumeRole: {
    check({ RoleArn, RoleSessionName, DurationSeconds, SerialNumber, TokenCode }, call) {
      checkRole(RoleArn, call)
      checkSession(RoleSessionName, DurationSeconds)
      if (SerialNumber !== undefined && !/^\d{6}$/.test(TokenCode ?? '')) {
        throw apiError('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code.')
      }
    },
    run: ({ RoleArn, RoleSessionName, DurationSeconds }, call) => assume({ RoleArn, RoleSessionName, DurationSeconds }, call),
  },
  AssumeRoleWithWebIdentity: {
    check({ RoleArn, RoleSessionName, DurationSeconds }, call) {
      checkRole(RoleArn, call)
      checkSession(RoleSessionName, DurationSeconds)
    },
    run: ({ RoleArn, RoleSessionName, DurationSeconds }, call) => assume({ RoleArn, RoleSessionName, DurationSeconds }, call),
  },
  GetSessionToken: {
    run({ DurationSeconds = 43_200 }, call) {
      const arn = `arn:aws:iam::${call.world.account}:user/emulator`
      return { Credentials: issue({ arn, userId: 'AIDAEMULATOR000000000', seconds: DurationSeconds }, call) }
    },
  },
  DecodeAuthorizationMessage: {
    run: ({ EncodedMessage = '' }) => ({ DecodedMessage: decodeAuthorizationMessage(EncodedMessage) }),
  },
}

interface RoleRequest {
  readonly RoleArn: string | undefined
  readonly RoleSessionName: string | undefined
  readonly DurationSeconds: number | undefined
}

/** A role of this account must be there; one of another account is taken to be. */
function checkRole(arn: string | undefined, { world, now }: Call): void {
  const [, account, name] = /^arn:aws[\w-]*:iam::(\d{12}):role\/(?:[\w+=,.@/-]*\/)?([\w+=,.@-]+)$/.exec(arn ?? '') ?? []
  if (account === undefined) throw apiError('ValidationError', `${arn} is invalid`)
  const role = world.iam.roles.get(name ?? '')
  if (account !== world.account || (role !== undefined && role.visibleAt <= now)) return
  throw apiError(
    'AccessDenied',
    `User: arn:aws:iam::${world.account}:user/emulator is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
  )
}

function checkSession(name: string | undefined, seconds = 3600): void {
  if (!/^[\w+=,.@-]{2,64}$/.test(name ?? ''))
    throw apiError('ValidationError', `Value '${name}' at 'roleSessionName' failed to satisfy constraint`)
  if (seconds >= 900 && seconds <= 43_200) return
  throw apiError('ValidationError', `Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: between 900 and 43200`)
}

function assume({ RoleArn = '', RoleSessionName = '', DurationSeconds = 3600 }: RoleRequest, call: Call) {
  const account = RoleArn.split(':')[4]
  const arn = `arn:aws:sts::${account}:assumed-role/${RoleArn.split('/').at(-1)}/${RoleSessionName}`
  const userId = `AROAEMULATOR000000000:${RoleSessionName}`
  return { Credentials: issue({ arn, userId, seconds: DurationSeconds }, call), AssumedRoleUser: { Arn: arn, AssumedRoleId: userId } }
}

function issue(
  { arn, userId, seconds }: { readonly arn: string; readonly userId: string; readonly seconds: number },
  { world, now }: Call,
) {
  const AccessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`
  const expiresAt = now + seconds * 1000
  world.sessions.set(AccessKeyId, { arn, userId, expiresAt })
  return {
    AccessKeyId,
    SecretAccessKey: randomBytes(30).toString('base64'),
    SessionToken: randomBytes(90).toString('base64'),
    Expiration: new Date(expiresAt),
  }
}
