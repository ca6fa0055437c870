import type { ErrorCode } from '@imago/core'
import { abortError, ImagoError, isImagoError, messageOf, systemCode } from '@imago/core'

/** AWS's own code of an error that came through the seam (`'InvalidAMIName.Duplicate'`), or `undefined`. */
export function awsCode(error: unknown): string | undefined {
  return isImagoError(error) && error.cause instanceof Error ? codeOf(error.cause) : undefined
}

/** Whether an error is AWS's answer with one of these codes; `*` at the end of one stands for anything. */
export function hasAwsCode(error: unknown, codes: readonly string[]): boolean {
  const code = awsCode(error)
  return code !== undefined && codes.some((each) => (each.endsWith('*') ? code.startsWith(each.slice(0, -1)) : code === each))
}

/** Whether AWS says that something is not there, or not yet: `InvalidInstanceID.NotFound`. */
export function isNotFound(error: unknown): boolean {
  return /NotFound|NoSuchEntity|\.Unknown$|NotFoundException/.test(awsCode(error) ?? '')
}

/** Whether the same request may succeed a little later: throttling, an error of the service, a network that is away. */
export function isPassing(error: unknown): boolean {
  if (isImagoError(error, 'NETWORK')) return true
  const code = awsCode(error)
  if (code === undefined || !isImagoError(error)) return false
  return throttling.has(code) || unavailable.has(code) || httpStatus(error.cause) >= 500
}

const throttling = new Set(['RequestLimitExceeded', 'Throttling', 'ThrottlingException', 'TooManyRequestsException', 'SlowDown'])
const unavailable = new Set(['InternalError', 'InternalFailure', 'ServiceUnavailable', 'Unavailable'])
const unauthenticated = new Set([
  'AuthFailure',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'MissingAuthenticationToken',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
])
const unauthorized = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation'])
const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT'])

/** What was called when something went wrong. */
export interface FailedCall {
  /** `'ec2'` */
  readonly service: string
  readonly operation: string
  readonly region: string
  readonly signal: AbortSignal
  /** What AWS's coded message about a missing permission says, where it was asked. */
  readonly decoded?: string | undefined
}

/** An error of the SDK, or of AWS, as one of ours. */
export function toAwsError(error: unknown, call: FailedCall): ImagoError {
  if (isImagoError(error)) return error
  if (call.signal.aborted) return abortError(call.signal)
  const code = codeOf(error)
  const what = `${call.service} in ${call.region}`
  if (code === 'CredentialsProviderError') {
    return new ImagoError('AUTHENTICATION_FAILED', `there are no AWS credentials for ${what}: ${messageOf(error)}`, {
      cause: error,
      hint: "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run 'aws sso login'",
    })
  }
  if (isNetwork(error)) {
    return new ImagoError('NETWORK', `${what} cannot be reached for ${call.operation}: ${networkMessage(error)}`, {
      cause: error,
      hint: /ENOTFOUND|EAI_AGAIN/.test(networkMessage(error))
        ? `is there a region '${call.region}'?`
        : 'check the network and AWS_ENDPOINT_URL',
    })
  }
  if (httpStatus(error) === 0) return new ImagoError('INTERNAL', `${call.operation} failed: ${messageOf(error)}`, { cause: error })
  const message =
    call.decoded === undefined ? messageOf(error) : `${messageOf(error).replace(/Encoded authorization.*/s, '')}${call.decoded}`
  const hint = hintOf(code, call)
  return new ImagoError(ourCode(code), `${what} refuses ${call.operation} (${code}): ${message.trim()}`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  })
}

function ourCode(code: string): ErrorCode {
  if (unauthenticated.has(code) || unauthorized.has(code)) return 'AUTHENTICATION_FAILED'
  if (code.startsWith('InvalidAMIID')) return 'IMAGE_NOT_FOUND'
  if (throttling.has(code) || unavailable.has(code)) return 'PROVIDER_UNAVAILABLE'
  return 'PROVIDER_FAILED'
}

function hintOf(code: string, { service, operation, decoded }: FailedCall): string | undefined {
  if (unauthorized.has(code)) {
    const decode = decoded === undefined ? '; access: { decodeErrors: true } says more' : ''
    return `the credentials need the action ${service}:${operation}: 'imago policy' writes a policy with all that this definition needs${decode}`
  }
  if (code === 'RequestExpired' || code === 'SignatureDoesNotMatch') return "check the secret key and this machine's clock"
  if (code.startsWith('ExpiredToken')) return "get new credentials and run 'imago sweep' with them, should something be left"
  if (unauthenticated.has(code)) return 'check the access key and the session token'
  if (code === 'InsufficientInstanceCapacity') return 'give several instance types, or leave the availability zone open'
  if (code.endsWith('LimitExceeded') && !throttling.has(code)) return 'ask AWS for a higher quota, or remove what is not needed'
  return undefined
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('Code' in error && typeof error.Code === 'string') return error.Code
  return error.name
}

function httpStatus(error: unknown): number {
  if (!(error instanceof Error) || !('$metadata' in error)) return 0
  const metadata = error.$metadata
  return typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? Number(metadata.httpStatusCode) : 0
}

function isNetwork(error: unknown): boolean {
  if (httpStatus(error) !== 0) return false
  return (
    codeOf(error) === 'TimeoutError' ||
    networkCodes.has(systemCode(error) ?? '') ||
    (error instanceof AggregateError && error.errors.some(isNetwork))
  )
}

function networkMessage(error: unknown): string {
  return messageOf(error) || (systemCode(error) ?? 'no answer')
}
