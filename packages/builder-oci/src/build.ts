import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { Platform } from '@imago/container-registry'
import { formatPlatform, localPlatform, parsePlatform } from '@imago/container-registry'
import type { BuildContext } from '@imago/core'

import { environmentOf, imageConfig, variablesOf } from './archive/image-config.ts'
import type { LayerFile } from './archive/layer-file.ts'
import { writeArchive } from './archive/layout-writer.ts'
import type { Base } from './from/base.ts'
import { loadBase, sourceTitle } from './from/load-base.ts'
import { sourceDateEpoch } from './host/environment.ts'
import type { ImageNames } from './image-names.ts'
import { imageNames } from './image-names.ts'
import type { OciArchiveArtifact } from './oci-artifact.ts'
import type { OciOptions } from './oci-options.ts'
import { openRoot } from './root/open-root.ts'
import type { Machine, Root } from './root/root.ts'
import { makeRootDirectory, rootDirectory } from './root/root-resource.ts'
import { restoreSnapshot, snapshotSaver } from './snapshots.ts'

/** The build, from top to bottom. The root's directory is released by the run; its processes end here, however the build ends. */
export async function build(options: OciOptions, ctx: BuildContext): Promise<OciArchiveArtifact> {
  const epoch = options.sourceDateEpoch ?? sourceDateEpoch() ?? 0
  const compression = options.compression ?? 'gzip'
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform)
  const names = imageNames(options, ctx)
  const folder = await acquireFolder(ctx)
  await using root = await openRoot(await subfolder(folder, 'root'), ctx.signal)
  const directory = await subfolder(folder, 'layers')

  const base = await ctx.step('base', `start from ${sourceTitle(options.from)}`, (step) =>
    loadBase(options.from, { build: ctx, step, root, directory, compression, epoch, platform }),
  )
  if (base.material !== undefined) ctx.startsFrom(base.material)
  const machine = await ctx.step('root', 'set up a root for commands', () => startMachine(root, base, options, ctx))
  await restoreSnapshot(root, base, options, ctx)
  await provision(root, machine, base, ctx)
  const changes = await ctx.step('layer', 'write what has changed as a layer', async ({ signal }) => {
    await machine.stop(signal)
    return await root.tree.writeChanges({ path: join(directory, 'changes.layer'), compression, epoch }, { signal })
  })
  return await ctx.step('archive', 'write the image', (step) =>
    writeImage(options, { names, base, changes, epoch, platform: platform ?? base.config ?? localPlatform() }, { ...ctx, ...step }),
  )
}

async function acquireFolder(ctx: BuildContext): Promise<string> {
  const path = join(ctx.workDirectory, 'oci')
  const folder = await ctx.resources.acquire({ kind: rootDirectory, name: path, data: { path }, create: () => makeRootDirectory(path) })
  return folder.value
}

async function subfolder(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(path, { mode: 0o700 })
  return path
}

/** What every command gets when neither the base nor the options say otherwise. */
const defaultEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' }

async function startMachine(root: Root, base: Base, options: OciOptions, ctx: BuildContext): Promise<Machine> {
  const env = { ...defaultEnvironment, ...variablesOf(environmentOf(base.config?.config?.Env, options.env ?? {})) }
  const machine = await root.start({ env, cwd: base.config?.config?.WorkingDir || '/' }, ctx.signal)
  for (const { what, text, hint } of machine.limits) {
    const level = what === 'overlay' ? 'debug' : 'info'
    ctx.emit({ type: 'message', level, text: hint === undefined ? text : `${text} (${hint})` })
  }
  return machine
}

async function provision(root: Root, machine: Machine, base: Base, ctx: BuildContext): Promise<void> {
  await using communicator = machine.connect()
  const facts = { user: 'root', sourceImage: base.name }
  await ctx.provision(communicator, facts, snapshotSaver(root, ctx))
}

/** What an image is made of. */
interface ImageParts {
  readonly names: ImageNames
  readonly base: Base
  readonly changes: LayerFile | undefined
  readonly epoch: number
  readonly platform: Platform
}

async function writeImage(options: OciOptions, parts: ImageParts, ctx: BuildContext): Promise<OciArchiveArtifact> {
  const { base, changes, epoch } = parts
  const { os, architecture, variant } = parts.platform
  const platform: Platform = { os, architecture, ...(variant !== undefined && { variant }) }
  const layers = [...base.layers, ...(changes === undefined ? [] : [changes])]
  const newLayers = [
    ...(base.origin === undefined ? [] : base.layers.map(() => base.origin ?? '')),
    ...(changes === undefined ? [] : ['steps']),
  ]
  const { output, tag } = parts.names
  const path = resolve(ctx.directory, output)
  const total = layers.reduce((sum, { size }) => sum + size, 0)
  const written = await writeArchive({
    path,
    config: imageConfig({ base: base.config, platform, options, layers, newLayers, epoch }),
    layers,
    tag,
    epoch,
    resources: ctx.resources,
    signal: ctx.signal,
    onProgress: (done) => ctx.emit({ type: 'progress', task: 'write', done: Math.min(done, total), total, unit: 'bytes' }),
  })
  const { digest, imageId, size, sha256 } = written
  return {
    type: 'oci-archive',
    id: digest,
    digest,
    imageId,
    size,
    platform: formatPlatform(platform),
    ...(tag !== undefined && { tag }),
    files: [{ path, size, sha256 }],
  }
}
