import type { BuildContext, Communicator, Facts } from '@imago/core'
import { resolveFacts } from '@imago/core'

import type { CommonOptions } from './virtualbox-options.ts'

/** What bringing needs to know. */
export interface BringContext {
  readonly ctx: Pick<BuildContext, 'step'>
  /** The ISO image of the Guest Additions; `undefined` where they were not asked for. */
  readonly guestAdditions: string | undefined
  readonly facts: Facts & { readonly virtualBoxVersion: string }
}

/** Brings the guest what of VirtualBox it is to have: the version in a file, the Guest Additions. */
export async function bringToGuest(
  way: Pick<Communicator, 'upload'>,
  { versionFile, guestAdditions: additions }: Pick<CommonOptions, 'versionFile' | 'guestAdditions'>,
  { ctx, guestAdditions, facts }: BringContext,
): Promise<void> {
  if (versionFile !== undefined) {
    await ctx.step('version', `upload the version of VirtualBox to ${versionFile}`, ({ signal }) =>
      way.upload({ content: facts.virtualBoxVersion }, versionFile, { signal }),
    )
  }
  if (guestAdditions === undefined || additions === undefined || additions === false || additions.mode !== 'upload') return
  const path = resolveFacts(additions.path ?? 'VBoxGuestAdditions.iso', facts)
  await ctx.step('guest-additions', `upload the Guest Additions to ${path}`, ({ signal }) =>
    way.upload({ path: guestAdditions }, path, { signal }),
  )
}
