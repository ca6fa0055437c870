import type { InstanceOptions } from '../amazon-ebs-options.ts'
import { hasAwsCode } from '../aws/aws-error.ts'
import { describeInstance, instanceLost } from '../aws/instances.ts'
import { poll } from '../aws/poll.ts'
import type { Job } from '../job.ts'

/** Stops an instance, or waits until it has stopped itself, so that its volumes are whole. */
export async function stopInstance({ aws, ctx, polling }: Job, options: InstanceOptions, id: string): Promise<void> {
  const byImago = options.launch?.stop !== 'from-inside'
  await ctx.step('stop', byImago ? `stop ${id}` : `wait until ${id} has stopped`, async () => {
    if (byImago)
      await aws.call('StopInstances', { InstanceIds: [id] }, ctx).catch(async (error: unknown) => explain({ aws, ctx }, id, error))
    await poll({
      what: `instance ${id} to stop`,
      signal: ctx.signal,
      timeoutMs: polling.timeoutMs,
      pace: polling.pace,
      look: () => describeInstance(aws, id, ctx),
      isDone: ({ state }) => state === 'stopped',
      failure: (instance) => (isEnding(instance.state) ? instanceLost(aws, instance, undefined, ctx) : undefined),
      describe: ({ state }) => state,
    })
  })
}

/** Ends a build whose instance cannot be stopped: it may have ended a moment ago. */
async function explain({ aws, ctx }: Pick<Job, 'aws' | 'ctx'>, id: string, error: unknown): Promise<never> {
  const instance = hasAwsCode(error, ['IncorrectInstanceState']) ? await describeInstance(aws, id, ctx) : undefined
  throw instance !== undefined && isEnding(instance.state) ? await instanceLost(aws, instance, error, ctx) : error
}

function isEnding(state: string): boolean {
  return state === 'shutting-down' || state === 'terminated'
}

/** Changes what only a stopped instance lets change: its enhanced networking, which the image inherits. */
export async function modifyNetworking(
  { aws, ctx }: Job,
  id: string,
  { enaSupport, sriovNetSupport }: { readonly enaSupport?: boolean; readonly sriovNetSupport?: true },
): Promise<void> {
  if (sriovNetSupport === true) await aws.call('ModifyInstanceAttribute', { InstanceId: id, SriovNetSupport: { Value: 'simple' } }, ctx)
  if (enaSupport !== undefined) await aws.call('ModifyInstanceAttribute', { InstanceId: id, EnaSupport: { Value: enaSupport } }, ctx)
}

/** Whether AWS refuses because an instance is not in the right state yet. */
export function isNotYetStopped(error: unknown): boolean {
  return hasAwsCode(error, ['IncorrectInstanceState', 'IncorrectState'])
}
