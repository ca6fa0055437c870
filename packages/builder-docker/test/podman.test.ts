import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

import type { Engine } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'
import { communicatorContract } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { BuildContainer } from '../src/build-container.ts'
import { ContainerCommunicator } from '../src/container-communicator.ts'
import { docker } from '../src/docker.ts'
import { makeImage, output, runBuild, startShellContainer } from './real-engine.ts'

const skipped = reasonToSkip({ podman: 'command -v podman', root: 'test "$(id -u)" = 0', docker: 'docker image inspect debian:12' })
const run = promisify(execFile)

/** Podman's service, with storage of its own. */
interface Podman {
  readonly engine: Engine
  stop(): Promise<void>
}

async function startPodman(): Promise<Podman> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-podman-'))
  const socket = join(folder, 'podman.sock')
  const own = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')]
  // Its default limits are higher than those of a machine that is a guest itself; and it does not remove the archives that it loads.
  const settings = ['[containers]', 'default_ulimits = []', '[engine]', `image_copy_tmp_dir = "${folder}"`]
  await writeFile(join(folder, 'containers.conf'), settings.join('\n'))
  const env = { ...process.env, CONTAINERS_CONF: join(folder, 'containers.conf') }
  const service = spawn('podman', [...own, 'system', 'service', '--time=0', `unix://${socket}`], { stdio: 'ignore', env })
  while (!existsSync(socket) && service.exitCode === null) await delay(50)
  const engine = await connectEngine({ host: `unix://${socket}` })
  return {
    engine,
    async stop() {
      engine.close()
      service.kill()
      await once(service, 'exit')
      await run('podman', [...own, 'system', 'reset', '--force'])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Gives Podman the image `debian:12` of the Docker engine. */
async function copyBase(podman: Engine): Promise<void> {
  const docker = await connectEngine()
  const container = await docker.containers.create({ name: `imago-test-${process.pid}`, image: 'debian:12', command: ['true'] })
  try {
    const id = await podman.images.import(await docker.containers.export(container))
    await podman.images.tag(id, { repository: 'debian', tag: '12' })
  } finally {
    await docker.containers.remove(container)
    docker.close()
  }
}

describe.skipIf(skipped !== '')(`Podman's socket${skipped}`, () => {
  let podman: Podman
  let container: BuildContainer
  beforeAll(async () => {
    podman = await startPodman()
    await copyBase(podman.engine)
    container = await startShellContainer(podman.engine, await makeImage(podman.engine))
  }, 60_000)
  afterAll(() => podman.stop())

  test('builds an image', async () => {
    const builder = docker({
      image: 'debian:12',
      pull: 'never',
      engine: { host: podman.engine.endpoint },
      result: { type: 'commit', repository: 'cow', tag: '1', config: { env: { MOO: 'yes' }, cmd: ['cat', '/made'] } },
    })
    const { artifact, context } = await runBuild(builder, async (machine) => {
      expect(await output(machine, 'echo made > /made; cat /made')).toEqual({ exitCode: 0, stdout: 'made\n', stderr: '' })
    })
    expect(artifact).toMatchObject({ type: 'docker-image', engine: podman.engine.endpoint })
    const image = await podman.engine.images.inspect(artifact.id)
    expect(image?.config).toMatchObject({ cmd: ['cat', '/made'], env: expect.arrayContaining(['MOO=yes']) })
    const lookup = { image: context.image, build: context.build, directory: '/', known: [], signal: new AbortController().signal }
    const found = { artifact, madeAt: expect.stringMatching(/^2/), runId: context.runId }
    expect(await builder.artifacts?.(lookup)).toEqual([found])
    await podman.engine.images.tag(artifact.id, { repository: 'cow', tag: 'production' })
    expect(await builder.artifacts?.(lookup)).toMatchObject([{ inUse: expect.stringContaining('cow:production') }])
    await builder.destroyArtifact?.(artifact, lookup)
    expect(await builder.artifacts?.(lookup)).toEqual([])
  })

  communicatorContract({ describe, test, afterAll, open: async () => new ContainerCommunicator(container) })
})
