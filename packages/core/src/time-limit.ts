/**
 * A signal that is aborted when the time is up, for what ends by itself before that as a rule; nothing is kept running for it.
 *
 * It is what `AbortSignal.timeout` should be. That one, in Node.js 20, is forgotten with the next collection of garbage, and never fires, where
 * nothing holds it but the result of `AbortSignal.any`.
 * @param ms milliseconds
 * @example const signal = AbortSignal.any([ctx.signal, timeLimit(15_000)])
 */
export function timeLimit(ms: number): AbortSignal {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new DOMException(`more than ${ms / 1000} s`, 'TimeoutError')), ms)
  timer.unref()
  return late.signal
}
