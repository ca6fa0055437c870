import type { Facts } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { Image } from '../aws/images.ts'
import type { Job } from '../job.ts'
import { resolveTags } from '../job.ts'
import { wayInto } from '../options/connect.ts'
import { checkLogin } from './check-login.ts'
import type { Ground } from './find-ground.ts'
import { findGround } from './find-ground.ts'
import { givenProfile } from './instance-profile.ts'
import { refuse } from './issue-collector.ts'
import type { Encryption } from './launch-devices.ts'
import { launchDevices } from './launch-devices.ts'
import type { LaunchParts } from './launch-request.ts'
import { tryLaunch } from './try-launch.ts'
import { readUserData } from './user-data.ts'

/** What is there of what an instance needs. */
export interface LookedUp {
  readonly ground: Ground
  /** What the instance is started with, without what the build is going to make. */
  readonly parts: LaunchParts
}

/**
 * Finds what the options name, and asks AWS whether it would start the instance.
 * @throws ImagoError `DEFINITION_INVALID` with everything that is not there
 */
export async function lookUp(
  { aws, ctx, own }: Job,
  options: InstanceOptions,
  source: Image,
  { facts, encryption }: { readonly facts: Facts; readonly encryption: Encryption },
): Promise<LookedUp> {
  const devices = launchDevices(source, options.launch ?? {}, encryption)
  const userData = await readUserData(options, ctx.directory)
  await checkLogin(options.connect, ctx)
  const { ground, issues } = await findGround(aws, options, ctx)
  refuse(issues)
  if (ground === undefined) throw new ImagoError('INTERNAL', 'what the instance needs was not found, and nobody says why')
  const name = own.name('instance')
  const tags = resolveTags(options.launch?.tags, facts)
  const parts: LaunchParts = {
    source,
    devices,
    groups: ground.groups ?? [],
    profile: givenProfile(options),
    userData,
    keyName: wayInto(options.connect)?.keyPair,
    tags: {
      instance: own.tags(name, tags),
      volume: own.tags(name, { ...tags, ...resolveTags(options.launch?.volumeTags, facts) }),
    },
  }
  await tryLaunch(aws, options, parts, ground.network, ctx)
  return { ground, parts }
}
