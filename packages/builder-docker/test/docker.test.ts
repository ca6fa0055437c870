import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import type { DockerImageArtifact } from '@imago/core'
import { artifactOf, defineImage, ImagoError, isImagoError, secret } from '@imago/core'
import type { Engine, ImageDetails } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { dockerContainer } from '../src/container-resource.ts'
import { docker, plugin } from '../src/index.ts'
import { findEngine, hostConfigOf, makeImage, output, outputOfImage, rejection, runBuild, smallVolume, uniqueName } from './real-engine.ts'

const { reason } = await findEngine()

describe.skipIf(reason !== undefined)(`docker()${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  const made: string[] = []
  let engine: Engine
  let base = ''
  let directory = ''

  beforeAll(async () => {
    engine = await connectEngine()
    base = await newImage()
  })
  afterAll(async () => {
    for (const image of made.toReversed()) await engine.images.remove(image, { force: true })
    engine.close()
  })
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imago-docker-'))
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  async function newImage(changes: readonly string[] = []): Promise<string> {
    const name = await makeImage(engine, changes)
    made.push(name)
    return name
  }

  /** What the engine knows of a built image, which is removed at the end. */
  async function built(artifact: DockerImageArtifact): Promise<ImageDetails> {
    made.push(artifact.imageId)
    const details = await engine.images.inspect(artifact.imageId)
    if (details === undefined) throw new Error(`there is no image ${artifact.imageId}`)
    return details
  }

  async function containersOf(runId: string): Promise<readonly string[]> {
    return (await engine.containers.list({ 'imago.run': runId })).map(({ name }) => name)
  }

  describe('the container', () => {
    const discard = { type: 'discard' } as const

    test('runs as it is asked to', async () => {
      await writeFile(join(directory, 'shared'), 'from here')
      const builder = docker({
        image: base,
        volumes: ['./shared:/shared:ro'],
        network: 'none',
        capabilities: { drop: ['CHOWN'] },
        tmpfs: ['/scratch:size=1m'],
        extraHosts: { cow: '10.1.2.3' },
        devices: ['/dev/null:/dev/hole'],
        memory: '256m',
        hostname: 'barn',
        user: '1234:5678',
        workdir: '/made/for/it',
        env: { A: "it's", TOKEN: secret('hush-hush') },
        result: discard,
      })
      await runBuild(
        builder,
        async (machine, { facts }) => {
          const { stdout } = await output(
            machine,
            'cat /shared; echo; id -u; id -g; pwd; echo "$A $TOKEN"; hostname; grep -c 10.1.2.3 /etc/hosts; ls -d /dev/hole; ls /sys/class/net',
          )
          expect(stdout).toBe("from here\n1234\n5678\n/made/for/it\nit's hush-hush\nbarn\n1\n/dev/hole\nlo\n")
          expect((await output(machine, 'cat', { stdin: Buffer.from([0, 1, 255]) })).stdout).toHaveLength(3)
          expect((await output(machine, 'id -u; echo "$A"; pwd', { stdin: Readable.from([]) })).stdout).toBe("1234\nit's\n/made/for/it\n")
          await machine.upload({ content: 'x' }, 'relative')
          expect((await output(machine, 'stat -c %u:%g /made/for/it/relative')).stdout).toBe('1234:5678\n')
          expect(await engine.containers.inspect(String(facts.machineId))).toMatchObject({ running: true })
        },
        { directory },
      )
    })

    test.each([
      ['what is added', { capabilities: { add: ['NET_ADMIN'] } }, { chown: true, netAdmin: true }],
      ['what is dropped', { capabilities: { drop: ['CHOWN'] } }, { chown: false, netAdmin: false }],
    ] as const)('has of capabilities %s', async (_, options, expected) => {
      await runBuild(docker({ image: base, ...options, result: discard }), async (machine) => {
        const { stdout } = await output(machine, 'grep CapEff: /proc/self/status')
        const effective = BigInt(`0x${stdout.split(/\s+/)[1]}`)
        expect({ chown: (effective & 1n) !== 0n, netAdmin: (effective & (1n << 12n)) !== 0n }).toEqual(expected) // linux/capability.h
      })
    })

    test('has an init of the engine, a limit of memory, and a device with its rights, when asked to', async () => {
      const builder = docker({ image: base, init: true, memory: '64m', devices: ['/dev/zero:/dev/nothing:r'], result: discard })
      await runBuild(builder, async (machine, { facts }) => {
        expect(await hostConfigOf(String(facts.machineId))).toMatchObject({
          Init: true,
          Memory: 64 * 1024 ** 2,
          Devices: [{ PathOnHost: '/dev/zero', PathInContainer: '/dev/nothing', CgroupPermissions: 'r' }],
        })
        expect((await output(machine, 'cat /proc/1/comm')).stdout).toMatch(/init|tini/)
      })
    })

    test('takes and gives files in its memory file systems', async () => {
      await mkdir(join(directory, 'tree/sub'), { recursive: true })
      await writeFile(join(directory, 'tree/sub/file'), 'x', { mode: 0o640 })
      await runBuild(docker({ image: base, tmpfs: ['/scratch'], result: discard }), async (machine) => {
        await machine.exec('ln -s /scratch /alias')
        await machine.upload({ content: 'moo' }, '/scratch/a b/motd', { mode: 0o600, owner: '12:34' })
        await machine.upload({ path: join(directory, 'tree') }, '/alias/tree')
        expect((await output(machine, 'cat "/scratch/a b/motd"; stat -c %a:%u:%g "/scratch/a b/motd" /scratch/tree/sub/file')).stdout).toBe(
          'moo600:12:34\n640:0:0\n',
        )
        expect(await machine.stat('/alias/tree/sub/file')).toEqual({ kind: 'file', size: 1 })
        expect(await machine.stat('/scratch/none')).toBeUndefined()
        await machine.download('/alias/tree', join(directory, 'back'))
        expect(await readFile(join(directory, 'back/sub/file'), 'utf8')).toBe('x')
        expect(isImagoError(await rejection(machine.download('/scratch/none', join(directory, 'none'))), 'INPUT_MISSING')).toBe(true)
        expect((await output(machine, 'ls -a / | grep imago || echo none')).stdout).toBe('none\n')
      })
    })

    test('that is killed in the middle of a command is lost, at once', async () => {
      const started = performance.now()
      const error = await rejection(
        runBuild(docker({ image: base, result: discard }), async (machine, { facts, ctx }) => {
          const name = `imago-${ctx.runId}-test-docker`
          const running = rejection(machine.exec('echo ready; sleep 60', { onOutput: () => void engine.containers.remove(name) }))
          expect(await running).toSatisfy((lost) => isImagoError(lost, 'MACHINE_LOST'))
          expect(facts.machineId).toBeDefined()
          await machine.exec('true')
        }),
      )
      expect(error).toSatisfy((lost) => isImagoError(lost, 'MACHINE_LOST'))
      expect(performance.now() - started).toBeLessThan(10_000)
    })

    test.each([
      ['a command of the session', {}],
      ['a command with a stream as its input', { stdin: new Readable({ read: () => {} }) }],
    ])('that is stopped during %s says how it ended', async (_, options) => {
      await runBuild(docker({ image: base, result: discard }), async (machine, { ctx }) => {
        const kill = (): void =>
          void engine.containers.exec(`imago-${ctx.runId}-test-docker`, { command: ['sh', '-c', 'kill 1'], onOutput: () => {} })
        const error = await rejection(machine.exec('echo ready; sleep 60', { ...options, onOutput: kill }))
        expect(error).toMatchObject({ code: 'MACHINE_LOST', message: expect.stringContaining('stopped from outside, with exit code') })
      })
    })

    test('goes on after a command that kills the shell it runs in', async () => {
      await runBuild(docker({ image: base, result: discard }), async (machine) => {
        expect(await rejection(machine.exec('kill -9 $$'))).toSatisfy((error) => isImagoError(error, 'DISCONNECTED'))
        expect((await output(machine, 'echo on')).stdout).toBe('on\n')
      })
    })

    test('hands on 100 MB of output, and kills what ignores SIGTERM when the signal says so', async () => {
      await runBuild(docker({ image: base, result: discard }), async (machine) => {
        let bytes = 0
        await machine.exec('head -c 100000000 /dev/zero', { onOutput: (_, chunk) => void (bytes += chunk.length) })
        expect(bytes).toBe(100_000_000)
        const stdin = new Readable({ read: () => {} })
        const script = `trap '' TERM; (trap '' TERM; sleep 300) & echo ready; while :; do sleep 1; done`
        const controller = new AbortController()
        const onOutput = (): void => controller.abort(new ImagoError('TIMEOUT', 'the step timed out'))
        expect(await rejection(machine.exec(script, { stdin, signal: controller.signal, onOutput }))).toMatchObject({ code: 'TIMEOUT' })
        expect((await output(machine, 'cat /proc/[0-9]*/cmdline | tr "\\0" " "')).stdout).not.toContain('sleep 300')
      })
    })

    test('fails with the error of its input', async () => {
      await runBuild(docker({ image: base, result: discard }), async (machine) => {
        const stdin = Readable.from(
          (function* () {
            yield 'a'
            throw new Error('the disk is broken')
          })(),
        )
        expect(await rejection(machine.exec('cat; sleep 60', { stdin }))).toMatchObject({ message: 'the disk is broken' })
      })
    })

    test('says why no shell can be opened', async () => {
      const error = await rejection(
        runBuild(
          docker({ image: base, user: 'nobody-of-this-name', result: discard }),
          async (machine) => void (await machine.exec('true')),
        ),
      )
      expect(error).toMatchObject({ code: 'PROVIDER_FAILED', message: expect.stringContaining('nobody-of-this-name') })
    })

    test('says when a volume is full', async () => {
      const volume = await smallVolume()
      try {
        await runBuild(docker({ image: base, volumes: [`${volume.name}:/small`], result: discard }), async (machine) => {
          const error = await rejection(machine.upload({ content: Buffer.alloc(2 << 20) }, '/small/file'))
          expect(error).toSatisfy((full) => isImagoError(full, 'DISK_FULL'))
          expect((await output(machine, 'ls /small')).exitCode).toBe(0)
        })
      } finally {
        await volume.remove()
      }
    })

    test('says when its memory file system is full', async () => {
      await runBuild(docker({ image: base, tmpfs: ['/small:size=100k'], result: discard }), async (machine) => {
        const error = await rejection(machine.upload({ content: Buffer.alloc(200_000) }, '/small/file'))
        expect(error).toSatisfy((full) => isImagoError(full, 'DISK_FULL'))
      })
    })

    test('needs no shell for files and for commands that are lists', async () => {
      const bare = await runBuild(docker({ image: base }), async (machine) => void (await machine.exec(['rm', '/bin/sh'])))
      const { config } = await built(bare.artifact)
      const { artifact } = await runBuild(docker({ image: bare.artifact.imageId, env: { A: 'b' } }), async (machine) => {
        await machine.upload({ content: 'moo' }, '/srv/motd')
        expect(await output(machine, ['cat', '/srv/motd', '-'], { stdin: ' too' })).toMatchObject({ exitCode: 0, stdout: 'moo too' })
        expect(await output(machine, ['env'], { env: { C: 'd' } })).toMatchObject({ stdout: expect.stringMatching(/A=b\n(.*\n)*C=d\n/) })
        expect((await output(machine, ['false'])).exitCode).toBe(1)
        expect(await rejection(machine.exec('echo'))).toMatchObject({
          code: 'UNSUPPORTED',
          message: expect.stringContaining('has no /bin/sh'),
        })
        expect(await rejection(machine.exec(['sleep', '60'], { signal: AbortSignal.timeout(200) }))).toMatchObject({ code: 'TIMEOUT' })
        expect((await output(machine, ['cat', '/srv/motd'])).stdout).toBe('moo')
        expect((await output(machine, ['ls', '-a', '/'])).stdout).not.toContain('imago')
      })
      const details = await built(artifact)
      expect({ ...details.config, labels: {} }).toEqual({ ...config, labels: {} })
      expect(await outputOfImage(artifact.imageId, ['ls', '-a', '/'])).not.toContain('imago')
    })
  })

  describe('the start', () => {
    const discard = { type: 'discard' } as const

    test('can be what another build has made', async () => {
      const image = defineImage({ name: 'first', builders: { docker: docker({ image: base }) } })
      const first = await runBuild(docker({ image: base }), async (machine) => void (await machine.exec('echo 1 >/made')))
      await built(first.artifact)
      const builder = docker({ image: artifactOf(image, 'docker'), pull: 'always', result: discard })
      await runBuild(builder, async (machine) => expect((await output(machine, 'cat /made')).stdout).toBe('1\n'), {
        artifacts: { 'first.docker': first.artifact },
      })
    })

    test('can be a Dockerfile', async () => {
      await mkdir(join(directory, 'context/sub'), { recursive: true })
      await writeFile(join(directory, 'context/.dockerignore'), '*.log\n!kept.log\nsub\n')
      for (const name of ['a.txt', 'left.log', 'kept.log', 'sub/file']) await writeFile(join(directory, 'context', name), name)
      const lines = [
        `FROM ${base} AS first`,
        'ARG WHAT=nothing',
        'COPY . /srv/',
        'RUN echo $WHAT >/what',
        'FROM first AS second',
        'RUN exit 9',
      ]
      await writeFile(join(directory, 'Dockerfile.test'), lines.join('\n'))
      const builder = docker({
        dockerfile: { path: 'Dockerfile.test', context: 'context', target: 'first', args: { WHAT: 'moo' } },
        result: discard,
      })
      expect(builder.inputs?.().map(({ path }) => path)).toEqual(['Dockerfile.test', 'context'])
      const { context } = await runBuild(
        builder,
        async (machine, { facts }) => {
          made.push(String(facts['sourceImageId']))
          expect((await output(machine, 'cd /srv; ls; cat /what')).stdout).toBe('a.txt\nkept.log\nmoo\n')
        },
        { directory },
      )
      expect(context.steps.map(({ id }) => id)).toEqual(['dockerfile', 'container'])
      expect(context.said.stdout).toContain('RUN echo $WHAT')
      const found: object[] = []
      const findSnapshot = (start: object): Promise<undefined> => Promise.resolve(void found.push(start))
      await runBuild(builder, undefined, { directory, findSnapshot })
      expect([await builder.base?.(context)]).toEqual(found)
    })

    test('fails with what the Dockerfile’s build says', async () => {
      await writeFile(join(directory, 'Dockerfile'), `FROM ${base}\nRUN exit 9`)
      const error = await rejection(runBuild(docker({ dockerfile: { path: 'Dockerfile' }, result: discard }), undefined, { directory }))
      expect(error).toMatchObject({ code: 'PROVIDER_FAILED', message: expect.stringContaining('returned a non-zero code: 9') })
    })

    test('must exist', async () => {
      const missing = docker({ image: 'imago-test-no-such-image:1', pull: 'never' })
      const ctx = { directory, signal: new AbortController().signal }
      expect(await missing.preflight?.(ctx)).toMatchObject([{ path: ['image'] }])
      expect(await rejection(runBuild(missing))).toMatchObject({ code: 'IMAGE_NOT_FOUND' })
      expect(await docker({ image: base, pull: 'never' }).preflight?.(ctx)).toEqual([])
    })

    test('needs an engine that answers', async () => {
      const host = `unix://${join(directory, 'dead.sock')}`
      const error = await rejection(runBuild(docker({ image: base, engine: { host } })))
      expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', message: expect.stringContaining(host), hint: expect.any(String) })
    })
  })

  describe('what a run may leave', () => {
    test('is found by its labels and removed by its name alone', async () => {
      const runId = uniqueName().slice(-8)
      const labels = { 'imago.run': runId, 'imago.image': 'test', 'imago.build': 'docker', 'imago.owner': 'somebody' }
      const name = `imago-${runId}-test-docker`
      await engine.containers.create({ name, image: base, command: ['/bin/sh'], labels })
      const stranger = `${uniqueName()}-stranger`
      await engine.containers.create({ name: stranger, image: base, command: ['/bin/sh'], labels })
      const signal = new AbortController().signal
      try {
        const left = ((await plugin.find?.(signal)) ?? []).filter(({ record }) => record.runId === runId)
        expect(left.map(({ owner, record }) => [owner, record.name])).toEqual([['somebody', name]])
      } finally {
        await engine.containers.remove(stranger)
      }
      const { kind, package: packageName } = dockerContainer
      const record = { runId, image: 'test', build: 'docker', kind, package: packageName, name, data: { endpoint: engine.endpoint } }
      await dockerContainer.destroy(record, signal)
      expect(await engine.containers.inspect(name)).toBeUndefined()
      await dockerContainer.destroy({ ...record, id: 'f'.repeat(64) }, signal)
    })

    test('is nothing when the signal aborts while the container starts', async () => {
      const controller = new AbortController()
      const { signal } = controller
      const runId = uniqueName().slice(-8)
      const building = rejection(runBuild(docker({ image: base }), undefined, { runId, signal }))
      setTimeout(() => controller.abort(), 60)
      expect(await building).toMatchObject({ code: 'CANCELLED' })
      expect(await containersOf(runId)).toEqual([])
    })
  })

  test('doctor says which engine there is', async () => {
    expect(await plugin.doctor?.(new AbortController().signal)).toMatchObject([
      { status: 'ok', detail: expect.stringContaining(engine.endpoint) },
    ])
  })
})
