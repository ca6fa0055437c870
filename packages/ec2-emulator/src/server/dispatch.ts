import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

import { messageOf } from '@imago/core'

import { ApiError, apiError } from '../api-error.ts'
import type { OperationSchema } from '../aws-sdk.ts'
import type { FaultedCall } from '../faults.ts'
import { strikesCall } from '../faults.ts'
import type { Journal, JournalOutcome } from '../journal.ts'
import type { Call, Operation } from '../operation.ts'
import type { World } from '../state/world.ts'
import type { Answer } from './codec.ts'
import { decodeInput, encodeError, encodeOutput, operationName } from './codec.ts'
import type { RequestScope } from './request-scope.ts'
import type { Service } from './service.ts'

/** How far a signature's time can be from the endpoint's clock, in milliseconds. */
const maxSkew = 5 * 60_000

/** A request, read from the wire. */
export interface ApiRequest {
  readonly scope: RequestScope
  readonly body: string
  readonly attempt: number
  readonly userAgent: string
  /** Aborted when the client goes away, or the emulator ends. */
  readonly signal: AbortSignal
}

/** What answers requests. */
export interface Backend {
  readonly world: World
  readonly journal: Journal
  readonly services: ReadonlyMap<string, Service>
}

/** Answers a request; `undefined` means that the connection is to be cut. */
export async function dispatch(backend: Backend, request: ApiRequest): Promise<Answer | undefined> {
  const { world, journal } = backend
  const { scope, attempt, userAgent } = request
  const service = backend.services.get(scope.service)
  if (service === undefined) throw apiError('NotImplemented', `This emulator has no service '${scope.service}'`)
  const requestId = randomUUID()
  const startedAt = world.now()
  const operation = operationName(request.body)
  let input: object = {}
  const record = (outcome: JournalOutcome): void => {
    const durationMs = world.now() - startedAt
    const asked = input as Readonly<Record<string, unknown>> // decoded from a structure
    journal.record({
      service: service.name,
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
    const schema = schemaOf(service, operation)
    const call: Call = { world, region: world.region(scope.region), accessKeyId: scope.accessKeyId, now: world.now() }
    const faulted: FaultedCall = { operation, region: scope.region }
    checkCredentials(world, scope, faulted)
    input = decodeInput(service, schema, request.body)
    const slow = world.faults.strike('slow-answer', (fault) => strikesCall(fault, faulted))
    refuseByFault(world, service, faulted)
    if (world.faults.strike('lost-request', (fault) => strikesCall(fault, faulted)) !== undefined) {
      record({ type: 'cut', applied: false })
      return undefined
    }
    const output = await perform(handlerOf(service, operation), input, call, operation)
    if (world.faults.strike('lost-response', (fault) => strikesCall(fault, faulted)) !== undefined) {
      record({ type: 'cut', applied: true })
      return undefined
    }
    record({ type: 'answered', output: output as Readonly<Record<string, unknown>> }) // an operation's output is a structure
    if (slow !== undefined) await delay(Math.min(slow.ms, 2 ** 31 - 1), undefined, { signal: request.signal, ref: false })
    return encodeOutput(service, schema, output, requestId)
  } catch (error) {
    const refusal = error instanceof ApiError ? error : apiError('InternalError', `The emulator failed: ${messageOf(error)}`)
    record({ type: 'refused', code: refusal.code, message: refusal.message })
    return encodeError(service, refusal, requestId)
  }
}

function schemaOf({ schemas, name }: Service, operation: string): OperationSchema {
  const schema = schemas.get(operation)
  if (schema === undefined) throw apiError('InvalidAction', `The action ${operation} is not valid for the service ${name}.`)
  return schema
}

function handlerOf({ operations, name }: Service, operation: string): Operation {
  const handler = Object.hasOwn(operations, operation) ? operations[operation] : undefined
  if (handler === undefined)
    throw apiError('NotImplemented', `This emulator does not have the operation ${operation} of the service ${name}`)
  return handler
}

function checkCredentials(world: World, { accessKeyId, signedAt, service }: RequestScope, call: FaultedCall): void {
  if (world.faults.strike('expired-credentials', (fault) => strikesCall(fault, call)) !== undefined) world.expiredKeys.add(accessKeyId)
  const isOff = signedAt !== undefined && Math.abs(signedAt - world.now()) > maxSkew
  if (!isOff && !world.expiredKeys.has(accessKeyId)) return
  if (service === 'ec2') throw apiError('RequestExpired', 'Request has expired.')
  if (isOff) throw apiError('SignatureDoesNotMatch', 'Signature expired', 403)
  throw apiError('ExpiredToken', 'The security token included in the request is expired', 403)
}

function refuseByFault(world: World, service: Service, call: FaultedCall): void {
  if (world.faults.strike('throttle', (fault) => strikesCall(fault, call)) !== undefined) {
    if (service.name === 'ec2') throw apiError('RequestLimitExceeded', 'Request limit exceeded.')
    throw apiError('Throttling', 'Rate exceeded')
  }
  const fault = world.faults.strike('error', (each) => strikesCall(each, call))
  if (fault === undefined) return
  const { code, message = code, status } = fault
  throw status === undefined ? apiError(code, message) : new ApiError(code, message, status)
}

/** Replays, checks, or does what an operation does. */
async function perform(handler: Operation, input: object, call: Call, operation: string): Promise<object> {
  const { ClientToken: token, DryRun: isDry }: { readonly ClientToken?: unknown; readonly DryRun?: unknown } = input
  const replay = typeof token === 'string' ? call.region.tokens.get(`${operation} ${token}`) : undefined
  const digest = createHash('sha256').update(JSON.stringify(input)).digest('hex')
  if (replay !== undefined) {
    if (replay.input === digest) return await replay.output
    throw apiError(
      'IdempotentParameterMismatch',
      'The client token you have provided is associated with a request with different parameters.',
    )
  }
  handler.check?.(input, call)
  if (isDry === true) throw apiError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.')
  const output = Promise.resolve(handler.run(input, call))
  if (typeof token === 'string') {
    call.region.tokens.set(`${operation} ${token}`, { input: digest, output })
    output.catch(() => call.region.tokens.delete(`${operation} ${token}`))
  }
  return await output
}
