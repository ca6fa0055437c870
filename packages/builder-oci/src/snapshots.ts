import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { BuildContext, LookupContext, SaveSnapshot, SnapshotContext, Snapshots } from '@imago/core'

import { sourceDateEpoch } from './host/environment.ts'
import type { Base } from './from/base.ts'
import { sourceIdentity } from './from/source-identity.ts'
import type { OciOptions } from './oci-options.ts'
import type { Root } from './root/root.ts'

/** Times of files stay as they are, in whole seconds. */
const noEpoch = 2 ** 33

/** A snapshot is a layer in a file: what the steps have changed in the base. */
export const ociSnapshots: Snapshots = {
  has: async ({ key }, ctx) =>
    await stat(snapshotPath(key, ctx)).then(
      () => true,
      () => false,
    ),
  remove: async ({ key }, ctx) => await rm(snapshotPath(key, ctx), { force: true }),
}

function snapshotPath(key: string, { cacheDirectory }: Pick<SnapshotContext, 'cacheDirectory'>): string {
  return join(cacheDirectory, `${key}.tar`)
}

/** What determines a root before its first step; `undefined` when the base must be loaded to know. */
export async function startIdentity(options: OciOptions, ctx: LookupContext): Promise<object | undefined> {
  const source = await sourceIdentity(options.from, ctx)
  return source === undefined ? undefined : identityWith(source, options)
}

function identityWith(source: object, { env, platform, sourceDateEpoch: epoch }: OciOptions): object {
  return { source, env, platform, epoch: epoch ?? sourceDateEpoch(), uid: process.getuid?.() }
}

/** Brings the latest snapshot into a root whose base is complete, if there is one. */
export async function restoreSnapshot(root: Root, base: Base, options: OciOptions, ctx: BuildContext): Promise<void> {
  const loaded = { layers: base.layers.map(({ diffId }) => diffId), config: base.config?.config }
  const key = await ctx.findSnapshot((await startIdentity(options, ctx)) ?? identityWith(loaded, options))
  if (key !== undefined) await root.tree.applyLayer({ path: snapshotPath(key, ctx), whiteouts: true }, { signal: ctx.signal })
}

/** Makes snapshots of a root. */
export function snapshotSaver(root: Root, ctx: BuildContext): SaveSnapshot {
  return async (key, signal) => {
    await mkdir(ctx.cacheDirectory, { recursive: true, mode: 0o700 })
    const own = join(ctx.workDirectory, `${key}.tar`)
    const layer = await root.tree.writeChanges({ path: own, compression: 'none', epoch: noEpoch, complete: true }, { signal })
    await rename(own, snapshotPath(key, ctx))
    return { bytes: layer?.size ?? 0 }
  }
}
