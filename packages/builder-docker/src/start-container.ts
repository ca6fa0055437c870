import { resolve } from 'node:path'

import type { BuildContext } from '@imago/core'
import { ImagoError, reveal } from '@imago/core'
import type { ContainerSpec, Engine } from '@imago/docker-engine'
import { packContent } from '@imago/tar'

import type { BuildContainer } from './build-container.ts'
import { makeDirectories } from './container-files.ts'
import { resolveOwner } from './container-owner.ts'
import { dockerContainer } from './container-resource.ts'
import type { DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import { idleProgram } from './idle-program.ts'
import type { StartImage } from './start-image.ts'

/**
 * What keeps a container running that has a shell: it waits, so that orphans are reaped, for a program that sleeps, or, where there is
 * none, for input that never comes.
 */
const idleScript = `trap 'exit 0' TERM
if command -v sleep >/dev/null; then while :; do sleep 86400 & wait $!; done; fi
exec 3<&0; (read -r line <&3) & wait $!`

/** Where the idle program of a container without a shell is, until it has removed itself. */
const idlePath = '/.imago-idle'

/** Creates and starts the container that the build works in. */
export async function startContainer(
  engine: Engine,
  start: StartImage,
  options: DockerOptions<DockerResult>,
  ctx: BuildContext,
): Promise<BuildContainer> {
  const { config, os, architecture } = start.details
  if (os !== 'linux') throw new ImagoError('UNSUPPORTED', `${start.name} is an image for ${os}, and this builder works in Linux containers`)
  const shellPath = options.shell ?? '/bin/sh'
  const spec = { ...runSpec(options, ctx), name: containerName(ctx), image: start.snapshot ?? start.details.id, labels: ctx.labels }
  const { value } = await ctx.resources.acquire({
    kind: dockerContainer,
    name: spec.name,
    data: { endpoint: engine.endpoint },
    create: (signal) => create(engine, spec, { shell: shellPath, isRoot: (config.user ?? '') === '' }, signal),
    id: ({ id }) => id,
  })
  const placeIdle = async (signal?: AbortSignal): Promise<void> => {
    if (value.hasShell) return
    const program = packContent(idlePath.slice(1), idleProgram(architecture), { mode: 0o700 })
    await engine.containers.putArchive(spec.name, '/', program, { signal })
  }
  const container: BuildContainer = {
    engine,
    id: value.id,
    name: spec.name,
    image: start.name,
    shell: value.hasShell ? shellPath : undefined,
    user: options.user ?? config.user ?? '',
    workdir: options.workdir ?? config.workdir ?? '/',
    env: Object.fromEntries(Object.entries(options.env ?? {}).map(([name, text]) => [name, reveal(text)])),
    tmpfs: Object.keys(spec.tmpfs ?? {}),
    async restart(signal) {
      await placeIdle(signal)
      await engine.containers.restart(spec.name, { signal })
    },
  }
  if (options.workdir !== undefined) {
    await makeDirectories(container, container.workdir, await resolveOwner(container, container.user, ctx.signal), ctx.signal)
  }
  await placeIdle(ctx.signal)
  await engine.containers.start(spec.name, { signal: ctx.signal })
  await checkRunning(container, options, ctx.signal)
  return container
}

async function create(
  engine: Engine,
  spec: Omit<ContainerSpec, 'command'>,
  { shell, isRoot }: { readonly shell: string; readonly isRoot: boolean },
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly hasShell: boolean }> {
  const id = await engine.containers.create({ ...spec, command: [shell, '-c', idleScript], openStdin: true }, { signal })
  if ((await engine.containers.stat(id, shell, { signal })) !== undefined) return { id, hasShell: true }
  await engine.containers.remove(id, { signal })
  return {
    id: await engine.containers.create({ ...spec, command: [idlePath], ...(!isRoot && { user: '0:0' }) }, { signal }),
    hasShell: false,
  }
}

/** Derived from the run, so that `imago sweep` finds the container when the answer of its creation was lost. */
function containerName({ runId, image, build }: BuildContext): string {
  return `imago-${runId}-${image}-${build}`.replace(/[^\w.-]/g, '_')
}

function runSpec(options: DockerOptions<DockerResult>, ctx: BuildContext): Omit<ContainerSpec, 'name' | 'image' | 'command'> {
  const { platform, network, privileged, capabilities, devices, hostname, init, runtime, volumes, tmpfs, extraHosts, memory } = options
  return {
    ...(platform !== undefined && { platform }),
    ...(network !== undefined && { network }),
    ...(privileged !== undefined && { privileged }),
    ...(capabilities !== undefined && { capabilities }),
    ...(devices !== undefined && { devices }),
    ...(hostname !== undefined && { hostname }),
    ...(init !== undefined && { init }),
    ...(runtime !== undefined && { runtime }),
    ...(volumes !== undefined && { volumes: volumes.map((volume) => absoluteVolume(volume, ctx.directory)) }),
    ...(tmpfs !== undefined && { tmpfs: Object.fromEntries(tmpfs.map(tmpfsEntry)) }),
    ...(extraHosts !== undefined && { extraHosts: Object.entries(extraHosts).map(([name, address]) => `${name}:${address}`) }),
    ...(memory !== undefined && { memory: bytesOf(memory) }),
  }
}

function absoluteVolume(volume: string, directory: string): string {
  if (!/^\.{1,2}(?:[/:]|$)/.test(volume)) return volume
  const colon = volume.indexOf(':')
  return `${resolve(directory, volume.slice(0, colon))}${volume.slice(colon)}`
}

function tmpfsEntry(tmpfs: string): [path: string, options: string] {
  const [path = '', options = ''] = tmpfs.split(':')
  return [path.replace(/(?<=.)\/+$/, ''), options]
}

const unitBytes = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const

function bytesOf(memory: number | string): number {
  if (typeof memory === 'number') return memory
  const unit = memory.slice(-1) as keyof typeof unitBytes // validation admits nothing else
  return Math.round(Number(memory.slice(0, -1)) * unitBytes[unit])
}

async function checkRunning(
  { engine, name, image }: BuildContainer,
  { platform }: DockerOptions<DockerResult>,
  signal: AbortSignal,
): Promise<void> {
  const details = await engine.containers.inspect(name, { signal })
  if (details?.running === true) return
  const why = details?.error || `exit code ${details?.exitCode ?? 'unknown'}`
  throw new ImagoError('PROVIDER_FAILED', `the container of ${image} ended as soon as it was started: ${why}`, {
    hint: platform === undefined ? 'does the option shell name a POSIX shell?' : `can this engine run ${platform}?`,
  })
}
