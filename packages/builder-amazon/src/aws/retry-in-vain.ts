/** As much of a client of the SDK as decides what is tried again. */
export interface RetryingClient {
  readonly config: { retryStrategy(): Promise<RetryStrategy> }
}

/** What the SDK asks before it tries again. */
export interface RetryStrategy {
  refreshRetryTokenForRetry(token: object, failure: Failure): Promise<object>
}

/** Why something is to be tried again, as the SDK sees it. */
interface Failure {
  readonly error?: unknown
  readonly errorType?: string
}

/** Lets a client tell at once what looks to the SDK like an error that passes, and does not. */
export function withoutRetryInVain({ config }: RetryingClient): void {
  const original = config.retryStrategy.bind(config)
  config.retryStrategy = async () => {
    const strategy = await original()
    return Object.assign(Object.create(strategy) as RetryStrategy, {
      refreshRetryTokenForRetry: (token: object, failure: Failure) =>
        staysAsItIs(failure) ? Promise.reject(failure.error) : strategy.refreshRetryTokenForRetry(token, failure),
    })
  }
}

function staysAsItIs({ error, errorType }: Failure): boolean {
  if (!(error instanceof Error)) return false
  return isUsedUp(error) || (errorType === 'TRANSIENT' && isTakenForClock(error))
}

/**
 * AWS tells with such a status that there is no capacity, and another type or zone may have some; and that a quota of IAM is used up with a
 * code that other services have for throttling.
 */
function isUsedUp({ name }: Error): boolean {
  return /^(?:Insufficient.*Capacity|LimitExceeded(?:Exception)?)$/.test(name)
}

/** What AWS says to a request that was signed at the wrong time, and codes that do pass. */
const passing = new Set([
  'AuthFailure',
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'RequestTimeoutException',
  'SignatureDoesNotMatch',
])

/**
 * Whether a refusal is taken for one that has a wrong clock as its reason, and has not: where this machine's is wrong, the SDK corrects it
 * by a little with every answer, and tries every refusal again for that.
 */
function isTakenForClock(error: Error): boolean {
  const { $metadata } = error as { readonly $metadata?: { readonly clockSkewCorrected?: boolean; readonly httpStatusCode?: number } } // of the SDK's errors
  const status = $metadata?.httpStatusCode ?? 0
  return $metadata?.clockSkewCorrected === true && status >= 400 && status < 500 && !passing.has(error.name)
}
