import { abortError, wait } from '@imago/core'

import type { Instance, InstanceState } from '../aws/instances.ts'
import { describeInstance, instanceLost } from '../aws/instances.ts'
import type { Job } from '../job.ts'

/** Looks after an instance while something is done in it. */
export interface InstanceWatch {
  /** Aborted when the build is cancelled, and with `MACHINE_LOST` when the instance has ended by itself. */
  readonly signal: AbortSignal
  /**
   * Looks now, and for so many milliseconds more: why an instance is lost, or the error that made one ask. AWS tells of an instance that
   * ends itself a few seconds after it has closed its connections.
   */
  explain(error: unknown, patienceMs?: number): Promise<unknown>
  /** Ends the watch. */
  stop(): void
}

/** Milliseconds between two looks while the instance starts, and while it works. */
const everyMs = { connecting: 10_000, working: 30_000 } as const

/**
 * Watches that an instance runs: one that is taken back, or ends itself, is told at once, with AWS's reason, and not when a connection
 * has timed out.
 * @param mayStop whether a stop from inside is what the build waits for
 */
export function watchInstance(
  { aws, ctx }: Job,
  id: string,
  { mayStop, phase }: { mayStop: boolean; phase: keyof typeof everyMs },
): InstanceWatch {
  const lost = new AbortController()
  const stopped = new AbortController()
  const signal = AbortSignal.any([ctx.signal, lost.signal])
  const gone: readonly InstanceState[] = mayStop ? ['shutting-down', 'terminated'] : ['stopping', 'stopped', 'shutting-down', 'terminated']
  const look = async (): Promise<Instance | undefined> => {
    const instance = await describeInstance(aws, id, { signal: AbortSignal.any([ctx.signal, stopped.signal]) }).catch(() => undefined)
    return instance !== undefined && gone.includes(instance.state) ? instance : undefined
  }
  const watch = async (): Promise<void> => {
    const ended = AbortSignal.any([signal, stopped.signal])
    while (!ended.aborted) {
      await wait(everyMs[phase], ended)
      const instance = await look()
      if (instance !== undefined) lost.abort(await instanceLost(aws, instance, undefined, ctx))
    }
  }
  void watch().catch(() => undefined) // it was stopped
  return {
    signal,
    stop: () => stopped.abort(),
    explain: async (error, patienceMs = 0) => {
      const until = performance.now() + patienceMs
      for (;;) {
        if (ctx.signal.aborted) return error
        if (lost.signal.aborted) return abortError(lost.signal)
        const instance = await look()
        if (instance !== undefined) return await instanceLost(aws, instance, error, ctx)
        if (performance.now() >= until) return error
        await wait(500, ctx.signal)
      }
    },
  }
}
