import type { InstanceOptions } from '../amazon-ebs-options.ts'
import { hasAwsCode, isNotFound } from '../aws/aws-error.ts'
import type { Tags } from '../aws/own.ts'
import { untilKnown } from '../aws/poll.ts'
import { tagList } from '../aws/tags.ts'
import type { Job } from '../job.ts'
import { wayInto } from '../options/connect.ts'
import { acquire } from '../resources/acquire.ts'

/** IAM lists what is below a path: this is how `imago sweep` finds what builds left. */
export const iamPath = '/imago/'

/** What the agent of the Session Manager needs. */
const sessionManagerPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: [
        'ssm:UpdateInstanceInformation',
        'ssmmessages:CreateControlChannel',
        'ssmmessages:CreateDataChannel',
        'ssmmessages:OpenControlChannel',
        'ssmmessages:OpenDataChannel',
        'ec2messages:GetMessages',
        'ec2messages:AcknowledgeMessage',
      ],
      Resource: '*',
    },
  ],
} as const

/** The instance profile of a build: one that is there, one of its own, or none. */
export async function instanceProfile(job: Job, options: InstanceOptions, tags: Tags): Promise<string | undefined> {
  const policy = temporaryPolicy(options)
  return policy === undefined ? givenProfile(options) : await createProfile(job, policy, tags)
}

/** The profile that the options name. */
export function givenProfile({ launch }: Pick<InstanceOptions, 'launch'>): string | undefined {
  return typeof launch?.instanceProfile === 'string' ? launch.instanceProfile : undefined
}

/** What the build's own profile allows, or `undefined` when it makes none. */
export function temporaryPolicy({ launch, connect }: Pick<InstanceOptions, 'launch' | 'connect'>): object | undefined {
  const given = launch?.instanceProfile
  if (typeof given === 'object') return given.policy
  return given === undefined && wayInto(connect)?.address === 'session-manager' ? sessionManagerPolicy : undefined
}

async function createProfile(job: Job, policy: object, tags: Tags): Promise<string> {
  const { aws, ctx, own, polling } = job
  const name = own.name('profile', 64)
  const tagged = { Path: iamPath, Tags: tagList(own.tags(name, tags)) }
  await acquire(aws, ctx, {
    kind: 'amazon-role',
    name,
    create: async (signal) => {
      const trust = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }
      await unlessThere(() =>
        aws.call('CreateRole', { ...tagged, RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }, { signal }),
      )
      return name
    },
    id: (id) => id,
  })
  await acquire(aws, ctx, {
    kind: 'amazon-instance-profile',
    name,
    create: async (signal) => {
      await unlessThere(() => aws.call('CreateInstanceProfile', { ...tagged, InstanceProfileName: name }, { signal }))
      return name
    },
    id: (id) => id,
  })
  const soon = { isEarly: isNotFound, signal: ctx.signal, pace: polling.pace }
  await untilKnown(
    () => aws.call('PutRolePolicy', { RoleName: name, PolicyName: 'imago', PolicyDocument: JSON.stringify(policy) }, ctx),
    soon,
  )
  await untilKnown(() => addRole(job, name), soon)
  return name
}

/** A profile takes one role: that there is one already means that the answer of the first attempt was lost, when it is this one. */
async function addRole({ aws, ctx }: Job, name: string): Promise<void> {
  try {
    await aws.call('AddRoleToInstanceProfile', { InstanceProfileName: name, RoleName: name }, ctx)
  } catch (error) {
    if (!hasAwsCode(error, ['LimitExceeded', 'LimitExceededException'])) throw error
    const { InstanceProfile } = await aws.call('GetInstanceProfile', { InstanceProfileName: name }, ctx)
    if (InstanceProfile?.Roles?.some(({ RoleName }) => RoleName === name) !== true) throw error
  }
}

/** The name holds the run: what is there already is ours, and the answer of the first attempt was lost. */
async function unlessThere(create: () => Promise<unknown>): Promise<void> {
  try {
    await create()
  } catch (error) {
    if (!hasAwsCode(error, ['EntityAlreadyExists', 'EntityAlreadyExistsException'])) throw error
  }
}
