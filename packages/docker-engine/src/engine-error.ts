import type { ErrorCode } from '@imago/core'
import { abortError, ImagoError, isImagoError, messageOf, systemCode } from '@imago/core'

import { EngineAnswer } from './engine-answer.ts'

/** What was going on when the engine, or the way to it, failed. */
export interface FailedCall {
  /** `pull debian:12` */
  readonly doing: string
  readonly endpoint: string
  readonly signal?: AbortSignal | undefined
}

/** Turns whatever a call of the engine failed with into an error of ours. */
export function engineError(error: unknown, call: FailedCall): ImagoError {
  if (call.signal?.aborted === true) return abortError(call.signal)
  if (isImagoError(error)) return error
  return connectionError(error, call) ?? answerError(error, call)
}

const unreachable = [
  'ENOENT',
  'ECONNREFUSED',
  'EACCES',
  'EPERM',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOTDIR',
]
const broken = ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']

function connectionError(error: unknown, { doing, endpoint }: FailedCall): ImagoError | undefined {
  const code = systemCode(error)
  if (code === undefined) return undefined
  if (unreachable.includes(code)) {
    return new ImagoError('PROVIDER_UNAVAILABLE', `no Docker engine answers at ${endpoint}: ${messageOf(error)}`, {
      cause: error,
      hint:
        code === 'EACCES' || code === 'EPERM'
          ? 'this user may not use it: join the group that owns the socket, or run a rootless engine'
          : 'start it (systemctl start docker, or podman.socket), or name another with DOCKER_HOST, a Docker context or the engine option',
    })
  }
  if (code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
    return new ImagoError('PROVIDER_UNAVAILABLE', `no secure connection to the Docker engine at ${endpoint}: ${messageOf(error)}`, {
      cause: error,
      hint: 'DOCKER_CERT_PATH names the folder of ca.pem, cert.pem and key.pem',
    })
  }
  if (!broken.includes(code)) return undefined
  return new ImagoError('DISCONNECTED', `cannot ${doing}: the connection to the Docker engine at ${endpoint} broke`, { cause: error })
}

interface Rule {
  readonly says: RegExp
  readonly code: ErrorCode
  readonly hint?: string
}

/** What engines say, in the order in which it counts. Docker's and Podman's own words, and those of the registries behind them. */
const rules: readonly Rule[] = [
  { says: /no space left on device|disk quota exceeded/i, code: 'DISK_FULL', hint: 'free some space where the engine keeps its data' },
  {
    says: /pull access denied|repository does not exist/i,
    code: 'IMAGE_NOT_FOUND',
    hint: 'check its name; a private image needs `docker login` first',
  },
  {
    says: /unauthorized|authentication required|no basic auth|incorrect username or password|access to the resource is denied|denied: /i,
    code: 'AUTHENTICATION_FAILED',
    hint: 'log in with `docker login`, or check the credentials that were given',
  },
  {
    says: /no such image|image does not exist|image not known|manifest unknown|manifest for .* not found|name unknown|repository name not known|reference does not exist|does not match the specified platform|no match(?:ing manifest)? for/i,
    code: 'IMAGE_NOT_FOUND',
    hint: 'check its name, tag and platform',
  },
  {
    says: /no such container|no container with|is not running|not in running state|container state improper|is restarting/i,
    code: 'MACHINE_LOST',
  },
  { says: /could not find the file|no such file or directory/i, code: 'INPUT_MISSING' },
  {
    says: /dial tcp|dial unix|no such host|i\/o timeout|connection refused|TLS handshake|x509:|gave HTTP response to HTTPS|network is unreachable|request canceled while waiting/i,
    code: 'NETWORK',
    hint: 'the engine, not Imago, makes this connection: check its network, proxy and registry settings',
  },
]

function answerError(error: unknown, { doing, endpoint }: FailedCall): ImagoError {
  const text = engineText(error)
  const status = error instanceof EngineAnswer ? error.statusCode : undefined
  const rule =
    rules.find(({ says }) => says.test(text)) ?? (status === 401 ? rules.find(({ code }) => code === 'AUTHENTICATION_FAILED') : undefined)
  return new ImagoError(
    rule?.code ?? 'PROVIDER_FAILED',
    `cannot ${doing}: ${text === '' ? `the engine at ${endpoint} gave no reason` : text}`,
    {
      cause: error,
      ...(rule?.hint !== undefined && { hint: rule.hint }),
    },
  )
}

/** What the engine itself said. */
function engineText(error: unknown): string {
  return messageOf(error)
    .replace(/^Error response from daemon: /, '')
    .trim()
}

/** The error of a container that is gone, or no longer runs, in the middle of its work. */
export function containerLost(
  name: string,
  details: { readonly exitCode: number; readonly outOfMemory: boolean; readonly error: string } | undefined,
): ImagoError {
  if (details === undefined) return new ImagoError('MACHINE_LOST', `container ${name} was removed by somebody else`)
  if (details.outOfMemory) {
    return new ImagoError('MACHINE_LOST', `container ${name} ran out of memory and was killed`, { hint: 'give it more memory' })
  }
  const why = details.error === '' ? '' : `: ${details.error}`
  return new ImagoError('MACHINE_LOST', `container ${name} was stopped from outside, with exit code ${details.exitCode}${why}`)
}

/** The HTTP status behind an error, where the engine answered at all. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof EngineAnswer ? cause.statusCode : undefined
}

/** `undefined` in the place of an error of this code. */
export async function orUndefined<T>(code: ErrorCode, promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (isImagoError(error, code)) return undefined
    throw error
  }
}
