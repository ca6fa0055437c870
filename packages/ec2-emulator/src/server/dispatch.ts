import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

import { apiError } from '../api-error.ts'
import type { OperationSchema } from '../aws-sdk.ts'
import type { Journal } from '../journal.ts'
import type { Call, Operation } from '../operation.ts'
import type { Region } from '../state/region.ts'
import type { World } from '../state/world.ts'
import type { Answer } from './codec.ts'
import { decodeInput, encodeError, encodeOutput, operationName } from './codec.ts'
import { conduct } from './conduct.ts'
import type { RequestScope } from './request-scope.ts'
import type { Service } from './service.ts'

/** A request, read from the wire. */
export interface ApiRequest {
  readonly scope: RequestScope
  readonly headers: IncomingHttpHeaders
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
export async function dispatch({ world, journal, services }: Backend, request: ApiRequest): Promise<Answer | undefined> {
  const { scope, headers, body } = request
  const service = services.get(scope.service)
  if (service === undefined) throw apiError('NotImplemented', `This emulator has no service '${scope.service}'`)
  const { protocol } = service
  const operation = operationName(protocol, headers, body)
  const outcome = await conduct(world, journal, {
    ...request,
    service: service.name,
    operation,
    decode: () => decodeInput(protocol, schemaOf(service, operation), body),
    perform: async (input) => {
      const call: Call = { world, region: regionOf(world, service, scope), accessKeyId: scope.accessKeyId, now: world.now() }
      return await perform(handlerOf(service, operation), input, { call, operation })
    },
    summary: (output) => output,
  })
  if (outcome.type === 'cut') return undefined
  const { requestId } = outcome
  if (outcome.type === 'refused') return encodeError(protocol, outcome.error, requestId)
  return encodeOutput(service, schemaOf(service, operation), outcome.output, requestId)
}

/** Services that have no regions are called in one all the same. */
function regionOf(world: World, { name }: Service, { region }: RequestScope): Region {
  const [first] = world.regions.values()
  const isGlobal = name === 'iam' || name === 'sts'
  return isGlobal && first !== undefined && !world.regions.has(region) ? first : world.region(region)
}

function schemaOf(service: Service, operation: string): OperationSchema {
  const schema = service.schemas().get(operation)
  if (schema === undefined) throw apiError('InvalidAction', `The action ${operation} is not valid for the service ${service.name}.`)
  return schema
}

function handlerOf({ operations, name }: Service, operation: string): Operation {
  const handler = Object.hasOwn(operations, operation) ? operations[operation] : undefined
  if (handler === undefined)
    throw apiError('NotImplemented', `This emulator does not have the operation ${operation} of the service ${name}`)
  return handler
}

/** Replays, checks, or does what an operation does. */
async function perform(
  handler: Operation,
  input: object,
  { call, operation }: { readonly call: Call; readonly operation: string },
): Promise<object> {
  const { ClientToken: token, DryRun: isDry }: { readonly ClientToken?: unknown; readonly DryRun?: unknown } = input
  const { tokens } = call.region
  const key = `${operation} ${String(token)}`
  const replay = token === undefined ? undefined : tokens.get(key)
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
  if (token !== undefined) {
    tokens.set(key, { input: digest, output })
    output.catch(() => tokens.delete(key))
  }
  return await output
}
