import type { Placed } from './applicable-steps.ts'
import type { Communicator } from './communicator.ts'
import type { Provisioner } from './component.ts'
import type { ComponentContext, ProvisionContext } from './context.ts'
import { errorToJson, ImagoError, isImagoError } from './error.ts'
import type { StepRef } from './event.ts'
import type { Facts } from './facts.ts'
import { factsEnvironment } from './facts.ts'
import { noMachine } from './no-machine.ts'
import { decide, editedProvisioners } from './on-error.ts'
import type { EditedDefinition, OnError } from './run-options.ts'
import type { StepPlace } from './step-runner.ts'
import { runStep } from './step-runner.ts'

/** What provisioning a machine needs. */
export interface Provisioning {
  readonly provisioners: readonly Placed<Provisioner<string>>[]
  readonly errorCleanup: readonly Placed<Provisioner<string>>[]
  readonly place: StepPlace
  /** What each provisioner gets, apart from the machine and what belongs to its step. */
  readonly context: ComponentContext
  readonly onError: OnError
  /** What need not run, and what becomes of what has run. */
  readonly cache?: ProvisionCache
  /** Called when a failed build's resources are to be left as they are. */
  keepResources(): void
}

/** The step cache as provisioning sees it. */
export interface ProvisionCache {
  /** When the step with this index ran, if the machine was started from a snapshot that was made after it. */
  ranAt(index: number): string | undefined
  /** Called when the step with this index has run; `isIgnored` when it has failed, and may. */
  finished(index: number, isIgnored: boolean): Promise<void>
  /** Called when a step is tried again by hand: no key tells what it did before, and what was edited since. */
  taint(): void
}

/** Runs the provisioners on a machine; when one has failed for good, does what `onError` says. @throws that provisioner's error */
export async function provisionMachine(work: Provisioning, machine: Communicator, facts: Facts): Promise<void> {
  let { provisioners } = work
  for (let index = 0; index < provisioners.length;) {
    const provisioner = provisioners[index]
    if (provisioner === undefined) return
    const ranAt = work.cache?.ranAt(index)
    if (ranAt !== undefined) {
      sayCached(work.place, provisioner.ref, ranAt)
      index++
      continue
    }
    const outcome = await provisionStep(work, provisioner, machine, facts)
    if (typeof outcome === 'object') {
      provisioners = await editedProvisioners(outcome.retryWith, work.place, work.context)
      continue
    }
    await work.cache?.finished(index, outcome)
    index++
  }
}

/** Reports a step that a snapshot stands for. */
function sayCached(place: StepPlace, step: StepRef, ranAt: string): void {
  place.events.say({ type: 'step-cached', image: place.image, build: place.build, step, ranAt })
  place.report({ step, status: 'succeeded', attempts: 0, durationMs: 0, cached: true })
}

/** @returns whether the step has failed, and may; or the edited definition that it is to be tried again with */
async function provisionStep(
  work: Provisioning,
  provisioner: Placed<Provisioner<string>>,
  machine: Communicator,
  facts: Facts,
): Promise<boolean | EditedDefinition> {
  for (;;) {
    try {
      return await runProvisioner(work, provisioner, machine, facts)
    } catch (error) {
      if (work.place.signal.aborted) throw error
      const { image, build } = work.place
      const failure = { image, build, builderType: facts.builderType, step: provisioner.ref, error: errorToJson(error) }
      const answer = await decide({ ...work.place, onError: work.onError }, failure)
      if (answer === 'retry' || typeof answer === 'object') work.cache?.taint()
      if (answer === 'retry') continue
      if (typeof answer === 'object') return answer
      if (answer !== 'abort') await cleanUpAfterError(work, machine, facts)
      if (answer !== 'cleanup') work.keepResources()
      throw error
    }
  }
}

/** Runs the `errorCleanup` provisioners, each past the failure of the one before it. */
async function cleanUpAfterError(work: Provisioning, machine: Communicator, facts: Facts): Promise<void> {
  for (const provisioner of work.errorCleanup) {
    try {
      await runProvisioner(work, provisioner, machine, facts)
    } catch {
      // reported as a finished step; the error that brought us here is the one to end with
    }
  }
}

/** @returns whether the step has failed, and may */
async function runProvisioner(
  work: Provisioning,
  { ref, step }: Placed<Provisioner<string>>,
  machine: Communicator,
  facts: Facts,
): Promise<boolean> {
  const succeeded = await runStep(work.place, ref, step, async (stepContext) => {
    checkPlatform(step, machine)
    const context = { ...work.context, ...stepContext, machine, facts, env: factsEnvironment(facts) }
    if (step.expectDisconnect === true) await provisionPastDisconnect(step, context)
    else await step.provision(context)
    return true
  })
  return succeeded !== true
}

/** @throws ImagoError `UNSUPPORTED` when the step's commands are not the machine's */
function checkPlatform({ type, platform }: Provisioner<string>, machine: Communicator): void {
  if (platform === undefined || platform === (machine.platform ?? 'posix') || machine === noMachine) return
  if (platform === 'posix') {
    throw new ImagoError('UNSUPPORTED', `${type} runs in a POSIX shell, and this machine runs Windows`, {
      hint: 'use powershell() or windowsShell()',
    })
  }
  throw new ImagoError('UNSUPPORTED', `${type} runs on Windows, and this machine does not`, { hint: 'use shell()' })
}

/** Runs a step that may end the connection to the machine. */
async function provisionPastDisconnect(step: Provisioner<string>, context: ProvisionContext): Promise<void> {
  const { machine, signal, emit } = context
  machine.expectDisconnect?.()
  try {
    await step.provision(context)
  } catch (error) {
    if (signal.aborted || !isImagoError(error, 'DISCONNECTED')) throw error
    emit({ type: 'message', level: 'info', text: `as expected, ${error.message}` })
  }
}
