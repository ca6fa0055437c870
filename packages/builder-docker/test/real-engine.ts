import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'

import type { Artifact, Builder, Communicator, ExecOptions, Facts } from '@imago/core'
import { messageOf } from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'
import { packContent, packPath } from '@imago/tar'
import { buildContext } from '@imago/testing'
import { skipWithout } from '../../../test/requirement.ts'
import type { BuildContainer } from '../src/build-container.ts'

const run = promisify(execFile)

/** An engine to test with, or why there is none. */
export type EngineOrReason = { readonly engine: Engine; readonly reason?: never } | { readonly engine?: never; readonly reason: string }

/**
 * The engine of this machine.
 * @throws when none answers, and `IMAGO_REQUIRE` names docker
 */
export async function findEngine(): Promise<EngineOrReason> {
  try {
    return { engine: await connectEngine() }
  } catch (error) {
    const reason = `no Docker engine: ${messageOf(error)}`
    skipWithout('docker', reason)
    return { reason }
  }
}

/** A name of this test run's own. */
export function uniqueName(): string {
  return `imago-test-${randomBytes(5).toString('hex')}`
}

/**
 * Makes an image with a shell and the usual programs under a new name: from `debian:12` where the engine has it, else from this
 * machine's static busybox. Nothing is fetched.
 */
export async function makeImage(engine: Engine, changes: readonly string[] = []): Promise<string> {
  const name = uniqueName()
  if ((await engine.images.inspect('debian:12')) === undefined) {
    const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path))
    if (busybox === undefined) throw new Error('these tests need the image debian:12, or a static busybox on this machine')
    const id = await engine.images.import(packPath(busybox, { name: 'bin/sh', owner: { uid: 0, gid: 0 }, mode: 0o755 }))
    await install(engine, id, name, changes)
    return name
  }
  await derive(engine, 'debian:12', name, changes)
  return name
}

/** Makes an image that has configuration, and nothing else, on top of another. */
async function derive(engine: Engine, base: string, repository: string, changes: readonly string[]): Promise<void> {
  const dockerfile = Buffer.from([`FROM ${base}`, `LABEL imago.test=${repository}`, ...changes].join('\n'))
  const id = await engine.images.build({ context: packContent('Dockerfile', dockerfile) })
  await engine.images.tag(id, { repository })
}

/** Gives an image of nothing but busybox the names of its programs. */
async function install(engine: Engine, image: string, repository: string, changes: readonly string[]): Promise<void> {
  const container = await engine.containers.create({ name: `${repository}-make`, image, command: ['/bin/sh'], openStdin: true })
  try {
    await engine.containers.start(container)
    const script =
      'b() { exec -a busybox /bin/sh "$@"; }; mkdir -p /tmp /etc; for p in $(/bin/sh --list); do [ $p = sh ] || ln /bin/sh /bin/$p; done'
    const process = await engine.containers.exec(container, { command: ['/bin/sh', '-c', script], onOutput: () => undefined })
    await process.ended
    await engine.containers.commit(container, { base: image, name: { repository }, changes })
  } finally {
    await engine.containers.remove(container)
    await engine.images.remove(image, { force: true })
  }
}

/** Starts a container that waits, as a build would. */
export async function startShellContainer(engine: Engine, image: string): Promise<BuildContainer> {
  const name = uniqueName()
  const id = await engine.containers.create({ name, image, command: ['/bin/sh', '-c', 'while :; do sleep 100 & wait; done'] })
  await engine.containers.start(id)
  return {
    engine,
    id,
    name,
    image,
    shell: '/bin/sh',
    user: '',
    workdir: '/',
    env: {},
    tmpfs: [],
    restart: () => engine.containers.restart(id),
  }
}

/** What a test's provisioner gets. */
interface Provisioning {
  readonly ctx: ReturnType<typeof buildContext>
  readonly facts: Partial<Facts>
}

/** Runs the builder as a run would: what it acquired is released when it is over, however it ended. */
export async function runBuild<A extends Artifact>(
  builder: Builder<A>,
  provision?: (machine: Communicator, about: Provisioning) => Promise<void>,
  options: Parameters<typeof buildContext>[0] = {},
): Promise<{ readonly artifact: A; readonly context: Provisioning['ctx'] }> {
  const runId = uniqueName().slice(-8)
  const context: Provisioning['ctx'] = buildContext({
    runId,
    image: 'test',
    build: 'docker',
    builderType: 'docker',
    ...options,
    provision: async (machine, facts = {}) => await provision?.(machine, { ctx: context, facts }),
  })
  try {
    return { artifact: await builder.build(context), context }
  } finally {
    await context.resources.releaseAll()
  }
}

/** Runs a command in a machine, and answers with what it printed. */
export async function output(machine: Communicator, command: string | readonly string[], options: ExecOptions = {}) {
  const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  const { exitCode } = await machine.exec(command, {
    ...options,
    onOutput: (stream, chunk) => void chunks[stream].push(Uint8Array.from(chunk)),
  })
  return { exitCode, stdout: Buffer.concat(chunks.stdout).toString(), stderr: Buffer.concat(chunks.stderr).toString() }
}

/** Runs a command in a new container of an image, and answers with what it printed. */
export async function outputOfImage(image: string, command: readonly string[] = []): Promise<string> {
  const { stdout } = await run('docker', ['run', '--rm', '--network=none', image, ...command])
  return stdout
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** What `docker inspect` says of an image. */
export async function inspected(image: string): Promise<{
  readonly Author: string
  readonly Comment: string
  readonly Config: Readonly<Record<string, unknown>> & { readonly Labels: object }
}> {
  const { stdout } = await run('docker', ['image', 'inspect', image])
  return JSON.parse(stdout)[0]
}

/** What `docker` says of how a container runs. */
export async function hostConfigOf(container: string): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await run('docker', ['container', 'inspect', '--format', '{{json .HostConfig}}', container])
  return JSON.parse(stdout)
}

/** The names in a tar archive. */
export async function archiveNames(path: string): Promise<readonly string[]> {
  const { stdout } = await run('tar', ['-tf', path], { maxBuffer: 64 << 20 })
  return stdout.split('\n')
}

/** A volume of 1 MB. */
export async function smallVolume(): Promise<{ readonly name: string; remove(): Promise<void> }> {
  const name = uniqueName()
  await run('docker', ['volume', 'create', '--opt=type=tmpfs', '--opt=device=tmpfs', '--opt=o=size=1m', name])
  return { name, remove: async () => void (await run('docker', ['volume', 'rm', '--force', name])) }
}
