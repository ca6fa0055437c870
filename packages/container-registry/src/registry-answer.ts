import { messageOf } from '@imago/core'

/** What a registry says went wrong, in brackets, or nothing: `{ errors: [{ code, message }] }`, or `{ details }` of token servers. */
export function saidBy(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return ''
  if ('details' in answer && typeof answer.details === 'string') return ` (${answer.details})`
  if (!('errors' in answer) || !Array.isArray(answer.errors)) return ''
  const messages = answer.errors.flatMap((error: unknown) =>
    typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' ? [error.message] : [],
  )
  return messages.length === 0 ? '' : ` (${messages.join('; ')})`
}

/** Why a request failed: fetch says "fetch failed", and the reason in its cause. */
export function networkReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join('; ')
  return cause === undefined ? messageOf(error) : messageOf(cause)
}
