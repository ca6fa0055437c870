import type { Placed } from './applicable-steps.ts'
import { applicableSteps } from './applicable-steps.ts'
import type { Provisioner } from './component.ts'
import type { PreflightContext } from './context.ts'
import { definitionSecrets } from './definition-secrets.ts'
import { definitionError, ImagoError } from './error.ts'
import type { EventBus } from './event-bus.ts'
import type { Image } from './image.ts'
import { isImage } from './image.ts'
import type { OnError, OnErrorAnswer, StepFailure } from './run-options.ts'
import type { StepPlace } from './step-runner.ts'
import { validate } from './validate.ts'
import { orAbandon } from './wait.ts'

/** How long an `onError` function that does not listen to its signal is waited for. */
const graceMs = 1000

/** What `onError` says of a failure, in which secrets are masked: it is for people. */
export async function decide(
  run: { readonly onError: OnError; readonly events: EventBus; readonly signal: AbortSignal },
  failure: StepFailure,
): Promise<OnErrorAnswer> {
  const { onError, events, signal } = run
  if (typeof onError !== 'function') return onError
  const answer: unknown = await orAbandon(onError(events.redactor.value(failure), signal), signal, graceMs)
  if (answer === 'cleanup' || answer === 'abort' || answer === 'run-cleanup-provisioner' || answer === 'retry') return answer
  if (typeof answer === 'object' && answer !== null && 'retryWith' in answer && isImage(answer.retryWith))
    return { retryWith: answer.retryWith }
  throw new ImagoError('USAGE', `onError answered ${String(answer)}`, {
    hint: "it may answer 'cleanup', 'abort', 'run-cleanup-provisioner', 'retry' or { retryWith: image }",
  })
}

/**
 * The provisioners of an edited definition, whose secrets are masked from now on.
 * @throws ImagoError `USAGE` when it is of another image, `DEFINITION_INVALID` with its problems
 */
export async function editedProvisioners(
  image: Image,
  { image: name, build, events }: StepPlace,
  { directory }: Pick<PreflightContext, 'directory'>,
): Promise<readonly Placed<Provisioner<string>>[]> {
  if (image.name !== name || image.builders[build] === undefined) {
    throw new ImagoError('USAGE', `onError answered with an image that has no build '${name}.${build}'`)
  }
  for (const value of definitionSecrets(image)) events.redactor.add(value)
  const issues = await validate(image, { only: [build], directory })
  if (issues.length > 0) throw definitionError(image.name, issues)
  return applicableSteps(image, build).provisioners
}
