import type { Issue } from './issue.ts'
import { formatPath } from './issue.ts'

/** What can go wrong, by kind. `docs/errors.md` says what each means and what to do. */
export type ErrorCode =
  | 'AUTHENTICATION_FAILED'
  | 'BUILD_FAILED'
  | 'CANCELLED'
  | 'CHECKSUM_MISMATCH'
  | 'COMMAND_FAILED'
  | 'DEFINITION_INVALID'
  | 'DISCONNECTED'
  | 'DISK_FULL'
  | 'IMAGE_NOT_FOUND'
  | 'INPUT_MISSING'
  | 'INTERNAL'
  | 'MACHINE_LOST'
  | 'NETWORK'
  | 'OUTPUT_UNWRITABLE'
  | 'PARAMETER_INVALID'
  | 'PROVIDER_FAILED'
  | 'PROVIDER_UNAVAILABLE'
  | 'RELEASE_FAILED'
  | 'TIMEOUT'
  | 'TOOL_MISSING'
  | 'TRANSFER_FAILED'
  | 'UNSUPPORTED'
  | 'USAGE'

const brand = Symbol.for('imago.error')

/** What an error may carry besides its message. */
export interface ImagoErrorOptions {
  /** What the user can do about it. */
  readonly hint?: string
  /** The error of a library or the system that is behind this one. */
  readonly cause?: unknown
  /** The problems behind a `DEFINITION_INVALID` or `PARAMETER_INVALID`. */
  readonly issues?: readonly Issue[]
  /** The exit code behind a `COMMAND_FAILED`. */
  readonly exitCode?: number
}

/** An error as plain JSON: what events and the report carry. */
export interface ErrorJson {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
  readonly exitCode?: number
  readonly issues?: readonly Issue[]
  /** The messages of the causes, outermost first. */
  readonly causes?: readonly string[]
}

/**
 * The one error class of Imago. A message starts in lower case and names the thing and the wrong value; the hint says what to do.
 * Recognise it with {@link isImagoError}: two copies of this package may be loaded at once.
 */
export class ImagoError extends Error {
  override readonly name: string = 'ImagoError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly issues: readonly Issue[] | undefined
  readonly exitCode: number | undefined

  constructor(code: ErrorCode, message: string, options: ImagoErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.issues = options.issues
    this.exitCode = options.exitCode
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Whether a value is an {@link ImagoError}, of whichever copy of this package; with a code, whether it is of that kind. */
export function isImagoError(value: unknown, code?: ErrorCode): value is ImagoError {
  return value instanceof Error && brand in value && (code === undefined || ('code' in value && value.code === code))
}

/** The message of whatever was thrown; those of its parts, where it has none of its own: what failed at each address of a host. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** The system's code of an error (`'ENOENT'`), or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/**
 * Turns an error of the file system into one of ours: a full disk, a folder that cannot be written, a file that is not there.
 * What is already ours, or is not the file system's, comes back as it is.
 */
export function fileSystemError(error: unknown, what: string): unknown {
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ImagoError('DISK_FULL', `${what}: no space left on the disk`, {
        cause: error,
        hint: 'free some space, or choose another place',
      })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ImagoError('OUTPUT_UNWRITABLE', `${what}: ${messageOf(error)}`, {
        cause: error,
        hint: 'check the permissions of the path and of its folder',
      })
    case 'ENOENT':
    case 'ENOTDIR':
      return new ImagoError('INPUT_MISSING', `${what}: ${messageOf(error)}`, { cause: error })
    case 'ELOOP':
      return new ImagoError('INPUT_MISSING', `${what}: its symbolic links lead in a circle`, { cause: error, hint: 'mend the links' })
    default:
      return error
  }
}

/** The reason of an aborted signal as an error of ours: `TIMEOUT` when the signal says so, else `CANCELLED`. */
export function abortError(signal: AbortSignal): ImagoError {
  const reason: unknown = signal.reason
  if (isImagoError(reason)) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') return new ImagoError('TIMEOUT', 'timed out', { cause: reason })
  return new ImagoError('CANCELLED', 'cancelled', { cause: reason })
}

/** An {@link ImagoError} for whatever was thrown: ours as it is, anything else wrapped as `INTERNAL`. */
export function toImagoError(error: unknown): ImagoError {
  return isImagoError(error) ? error : new ImagoError('INTERNAL', messageOf(error), { cause: error })
}

/** The plain JSON form of an error, with the messages of its causes. */
export function errorToJson(thrown: unknown): ErrorJson {
  const error = toImagoError(thrown)
  const causes: string[] = []
  for (let cause = error.cause; cause !== undefined && causes.length < 8; cause = cause instanceof Error ? cause.cause : undefined) {
    causes.push(messageOf(cause))
  }
  return {
    code: error.code,
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.exitCode !== undefined && { exitCode: error.exitCode }),
    ...(error.issues !== undefined && { issues: error.issues }),
    ...(causes.length > 0 && { causes }),
  }
}

/** The error that reports every problem of a definition at once. */
export function definitionError(name: string, issues: readonly Issue[]): ImagoError {
  const count = issues.length === 1 ? 'a problem' : `${issues.length} problems`
  return new ImagoError('DEFINITION_INVALID', `image '${name}' has ${count}:\n${formatIssues(issues)}`, { issues })
}

/** Problems for people, a line each. */
export function formatIssues(issues: readonly Issue[]): string {
  return issues
    .map(
      ({ path, message, hint }) =>
        `  ${path.length === 0 ? '' : `${formatPath(path)}: `}${message}${hint === undefined ? '' : ` (${hint})`}`,
    )
    .join('\n')
}
