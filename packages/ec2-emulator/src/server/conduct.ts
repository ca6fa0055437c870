import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

import { messageOf } from '@imago/core'

import { ApiError, apiError } from '../api-error.ts'
import type { FaultedCall } from '../faults.ts'
import { strikesCall } from '../faults.ts'
import type { Journal, JournalOutcome } from '../journal.ts'
import type { World } from '../state/world.ts'
import { encodeAuthorizationMessage } from '../sts/authorization-message.ts'
import type { RequestScope } from './request-scope.ts'

/** How far a signature's time can be from the endpoint's clock, in milliseconds. */
const maxSkew = 5 * 60_000

/** The longest time that a timer takes, in milliseconds. */
const longestDelay = 2 ** 31 - 1

/** A call, whatever its service. */
export interface Conducted<Output> {
  readonly service: string
  readonly operation: string
  readonly scope: RequestScope
  readonly attempt: number
  readonly userAgent: string
  /** Aborted when the client goes away, or the emulator ends. */
  readonly signal: AbortSignal
  /** Reads the parameters. */
  decode(): object
  /** Has the effect. */
  perform(input: object): Promise<Output>
  /** What the journal keeps of the output. */
  summary(output: Output): object
}

/** How a call ended: with an output, refused, or with its connection cut. */
export type Outcome<Output> =
  | { readonly type: 'output'; readonly output: Output; readonly requestId: string }
  | { readonly type: 'refused'; readonly error: ApiError; readonly requestId: string }
  | { readonly type: 'cut' }

/** Carries out a call, with the faults that are meant for it, and writes it to the journal. */
export async function conduct<Output>(world: World, journal: Journal, call: Conducted<Output>): Promise<Outcome<Output>> {
  const { service, operation, scope, attempt, userAgent, signal } = call
  const requestId = randomUUID()
  const startedAt = world.now()
  const faulted: FaultedCall = { operation, region: scope.region }
  let input: object = {}
  const record = (outcome: JournalOutcome): void => {
    const durationMs = world.now() - startedAt
    const asked = input as Readonly<Record<string, unknown>> // decoded from a structure
    journal.record({
      service,
      operation,
      region: scope.region,
      input: asked,
      attempt,
      outcome,
      startedAt,
      durationMs,
      requestId,
      userAgent,
    })
  }
  try {
    checkCredentials(world, scope, faulted)
    input = call.decode()
    refuseByFault(world, scope, faulted)
    if (world.faults.strike('lost-request', (fault) => strikesCall(fault, faulted)) !== undefined) {
      record({ type: 'cut', applied: false })
      return { type: 'cut' }
    }
    const slow = world.faults.strike('slow-answer', (fault) => strikesCall(fault, faulted))
    const output = await call.perform(input)
    const isLost = world.faults.strike('lost-response', (fault) => strikesCall(fault, faulted)) !== undefined
    if (isLost || (slow !== undefined && !(await waited(slow.ms, signal)))) {
      record({ type: 'cut', applied: true })
      return { type: 'cut' }
    }
    record({ type: 'answered', output: call.summary(output) as Readonly<Record<string, unknown>> }) // outputs are structures
    return { type: 'output', output, requestId }
  } catch (error) {
    const refusal = error instanceof ApiError ? error : apiError('InternalError', `The emulator failed: ${messageOf(error)}`)
    record({ type: 'refused', code: refusal.code, message: refusal.message })
    return { type: 'refused', error: refusal, requestId }
  }
}

/** Waits, unless the client goes away first. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  return await delay(Math.min(ms, longestDelay), true, { signal, ref: false }).catch(() => false)
}

function checkCredentials(world: World, { accessKeyId, signedAt, service }: RequestScope, call: FaultedCall): void {
  if (world.faults.strike('expired-credentials', (fault) => strikesCall(fault, call)) !== undefined) world.expiredKeys.add(accessKeyId)
  const isOff = signedAt !== undefined && Math.abs(signedAt - world.now()) > maxSkew
  const isExpired = world.expiredKeys.has(accessKeyId) || (world.sessions.get(accessKeyId)?.expiresAt ?? Infinity) <= world.now()
  if (!isOff && !isExpired) return
  if (service === 'ec2') throw apiError('RequestExpired', 'Request has expired.')
  if (isExpired) throw apiError('ExpiredToken', 'The security token included in the request is expired', 403)
  throw service === 's3'
    ? apiError('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.', 403)
    : apiError('SignatureDoesNotMatch', 'Signature not yet current or expired', 403)
}

function refuseByFault(world: World, { service }: RequestScope, call: FaultedCall): void {
  if (world.faults.strike('throttle', (fault) => strikesCall(fault, call)) !== undefined) throw throttled(service)
  const fault = world.faults.strike('error', (each) => strikesCall(each, call))
  if (fault === undefined) return
  const { code, message = defaultMessage(world, code, `${service}:${call.operation}`), status } = fault
  throw status === undefined ? apiError(code, message) : new ApiError(code, message, status)
}

function throttled(service: string): ApiError {
  if (service === 'ec2') return apiError('RequestLimitExceeded', 'Request limit exceeded.')
  return service === 's3' ? apiError('SlowDown', 'Please reduce your request rate.', 503) : apiError('Throttling', 'Rate exceeded')
}

/** What Amazon says, where it says more than a code. */
function defaultMessage({ account }: World, code: string, action: string): string {
  if (code !== 'UnauthorizedOperation') return code
  const principal = `arn:aws:iam::${account}:user/emulator`
  const encoded = encodeAuthorizationMessage({ action, principal })
  return `You are not authorized to perform this operation. User: ${principal} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action. Encoded authorization failure message: ${encoded}`
}
