import { join, resolve } from 'node:path'

import type { BuildContext, Facts } from '@imago/core'
import { resolveFacts } from '@imago/core'

import { cdImage } from './cd-image.ts'
import { floppyImage } from './floppy-image.ts'
import { noCloudFiles, noCloudLabel } from './no-cloud.ts'
import { resolveContent } from './resolve-content.ts'
import type { Content, SeedServer } from './seed-server.ts'
import { seedServer } from './seed-server.ts'
import type { CloudInitOptions, HttpOptions, MediumOptions, VmOptions } from './vm-options.ts'

/** What seeds need to know of the build and of the machine's network. */
export interface SeedContext extends Pick<BuildContext, 'directory' | 'workDirectory' | 'signal' | 'emit' | 'maskSecret'> {
  /** What the build knows so far. */
  readonly facts: Facts
  /** The public key that the build logs in with. cloud-init lets it in as the image's own user, and it is the fact `sshPublicKey`. @default none */
  readonly publicKey?: string
  /** The local address that the HTTP server listens on: one that only the guest's network reaches. @default 127.0.0.1 */
  readonly bindAddress?: string
  /** This machine's name or address, as the guest sees it. @default the address that it listens on */
  readonly hostSeenByGuest?: string
}

/** What a machine is given to start with. The HTTP server ends when this is disposed of; images are in the build's folder. */
export interface Seeds extends AsyncDisposable {
  /** What the build knows now: with `httpUrl` where there is a server, and `sshPublicKey` where there is a key. */
  readonly facts: Facts
  /** Absolute paths. */
  readonly cdImages: readonly string[]
  /** Absolute path. */
  readonly floppyImage?: string
  /** What the guest has fetched over HTTP and what it has asked for in vain, for an error message; `undefined` without a server. */
  summary(): string | undefined
}

/**
 * Starts the HTTP server and makes the CD and floppy images that the options ask for.
 * @throws ImagoError as `seedServer`, `cdImage` and `floppyImage`
 * @example await using seeds = await prepareSeeds(options, { ...ctx, facts, hostSeenByGuest: '10.0.2.2' })
 */
export async function prepareSeeds(options: VmOptions, ctx: SeedContext): Promise<Seeds> {
  const { publicKey } = ctx
  const before = { ...ctx.facts, ...(publicKey !== undefined && { sshPublicKey: publicKey }) }
  const server = options.http === undefined ? undefined : await serve(options.http, { ...ctx, facts: before })
  try {
    const facts = { ...before, ...(server !== undefined && { httpUrl: server.url }) }
    return {
      facts,
      ...(await makeImages(options, { ...ctx, facts })),
      summary: () => server?.summary(),
      [Symbol.asyncDispose]: async () => await server?.[Symbol.asyncDispose](),
    }
  } catch (error) {
    await server?.[Symbol.asyncDispose]()
    throw error
  }
}

async function serve({ directory, content = {}, ports }: HttpOptions, ctx: SeedContext): Promise<SeedServer> {
  const { facts, bindAddress, hostSeenByGuest } = ctx
  return await seedServer({
    ...(directory !== undefined && { directory: resolve(ctx.directory, directory) }),
    content: (httpUrl) => resolveContent(content, { ...ctx, facts: { ...facts, httpUrl } }),
    ...(ports !== undefined && { ports }),
    ...(bindAddress !== undefined && { bindAddress }),
    ...(hostSeenByGuest !== undefined && { hostSeenByGuest }),
    onRequest: ({ method, path, status }) =>
      ctx.emit({ type: 'message', level: 'debug', text: `the guest asked for ${method} ${path}: ${status}` }),
  })
}

async function makeImages({ cd, floppy, cloudInit }: VmOptions, ctx: SeedContext): Promise<Pick<Seeds, 'cdImages' | 'floppyImage'>> {
  const { directory, workDirectory, signal } = ctx
  const at = (name: string): { readonly directory: string; readonly path: string; readonly signal: AbortSignal } => ({
    directory,
    path: join(workDirectory, name),
    signal,
  })
  const cdImages = [
    ...(cloudInit === undefined
      ? []
      : [await cdImage({ content: cloudInitFiles(cloudInit, ctx), label: noCloudLabel, ...at('cloud-init.iso') })]),
    ...(cd === undefined ? [] : [await cdImage({ ...resolved(cd, ctx), ...at('cd.iso') })]),
  ]
  if (floppy === undefined) return { cdImages }
  return { cdImages, floppyImage: await floppyImage({ ...resolved(floppy, ctx), ...at('floppy.img') }) }
}

function resolved(
  { content = {}, ...medium }: MediumOptions,
  ctx: SeedContext,
): Omit<MediumOptions, 'content'> & { readonly content: Content } {
  return { ...medium, content: resolveContent(content, ctx) }
}

function cloudInitFiles(
  { userData, metaData = {}, networkConfig }: CloudInitOptions,
  { facts, publicKey, maskSecret }: SeedContext,
): Content {
  const { runId, image, buildName } = facts
  const own = {
    'instance-id': `imago-${runId}-${image}-${buildName}`,
    'local-hostname': buildName,
    ...(publicKey !== undefined && { 'public-keys': [publicKey] }),
  }
  const given = resolveFacts(metaData, facts)
  return noCloudFiles(
    {
      userData: resolveFacts(userData, facts),
      metaData: typeof given === 'string' ? given : { ...own, ...given },
      ...(networkConfig !== undefined && { networkConfig: resolveFacts(networkConfig, facts) }),
    },
    maskSecret,
  )
}
