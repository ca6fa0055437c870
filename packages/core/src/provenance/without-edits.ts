import { ImagoError } from '../error.ts'
import type { OnError } from '../run-options.ts'

/** The same `onError`, which must not answer with an edited definition: what is built of that stands nowhere that provenance could name. */
export function withoutEdits(onError: OnError): OnError {
  if (typeof onError !== 'function') return onError
  return async (failure, signal) => {
    const answer = await onError(failure, signal)
    if (typeof answer !== 'object') return answer
    throw new ImagoError('USAGE', 'onError answered with an edited definition, of which provenance cannot tell', {
      hint: 'run the build again with it, or without provenance',
    })
  }
}
