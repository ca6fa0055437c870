import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { ThingArtifact } from './fixtures.ts'
import type { Builder, BuildEvent, Image, PostProcessor, Provisioner } from '../src/index.ts'
import { artifactOf, build, BuildError, defineImage, ImagoError, run, secret, wait } from '../src/index.ts'
import { files, machine, post, runOptions, shelf, step, thing } from './fixtures.ts'

const forever = (signal: AbortSignal): Promise<void> => wait(60_000, signal)

test('build() answers with what each builder made, by name', async () => {
  const image = defineImage({ name: 'cow', builders: { a: thing(), b: thing() } })
  const { a, b } = await build(image, await runOptions())
  expect([a.id, b.id]).toEqual(['cow.a', 'cow.b'])
})

test('build() of several images answers in their order', async () => {
  const first = defineImage({ name: 'first', builders: { a: thing() } })
  const second = defineImage({ name: 'second', builders: { b: thing() } })
  const [one, two] = await build([first, second], await runOptions())
  expect([one.a.id, two.b.id]).toEqual(['first.a', 'second.b'])
})

test('a failed build rejects with one error that carries the whole report, and the others go on', async () => {
  const image = defineImage({
    name: 'cow',
    builders: { good: thing(), bad: thing() },
    provisioners: [
      step(
        () => {
          throw new ImagoError('COMMAND_FAILED', 'exit 3', { exitCode: 3 })
        },
        { only: ['bad'] },
      ),
    ],
  })
  const error = await build(image, await runOptions()).catch((thrown: unknown) => thrown)
  if (!(error instanceof BuildError)) throw new Error('expected a BuildError')
  expect(error.code).toBe('BUILD_FAILED')
  expect(error.message).toContain('cow.bad: exit 3 (COMMAND_FAILED)')
  expect(error.report.builds.map(({ build: name, status }) => [name, status])).toEqual([
    ['good', 'succeeded'],
    ['bad', 'failed'],
  ])
  expect(error.report.builds[1]?.error).toMatchObject({ code: 'COMMAND_FAILED', exitCode: 3 })
})

test('provisioners run in order, where only and except let them', async () => {
  const seen: string[] = []
  const note = (name: string) => (ctx: { build: string }) => void seen.push(`${ctx.build}:${name}`)
  const image = defineImage({
    name: 'cow',
    builders: { a: thing(), b: thing() },
    provisioners: [step(note('1')), step(note('2'), { only: ['a'] }), step(note('3'), { except: ['a'] }), step(note('4'))],
  })
  await run(image, { ...(await runOptions()), concurrency: 1 })
  expect(seen).toEqual(['a:1', 'a:2', 'a:4', 'b:1', 'b:3', 'b:4'])
})

test('steps get the facts, and the environment under both names', async () => {
  let env: Readonly<Record<string, string>> = {}
  const image = defineImage({ name: 'cow', builders: { web: thing() }, provisioners: [step((ctx) => void (env = ctx.env))] })
  await run(image, await runOptions())
  expect(env).toEqual({ IMAGO_BUILD_NAME: 'web', IMAGO_BUILDER_TYPE: 'thing', PACKER_BUILD_NAME: 'web', PACKER_BUILDER_TYPE: 'thing' })
})

test('every started has a finished, on failure too', async () => {
  const options = await runOptions()
  const image = defineImage({
    name: 'cow',
    builders: { a: thing({ build: (ctx) => ctx.step('prepare', 'prepare', () => Promise.resolve()) }) },
    provisioners: [
      step(() => {
        throw new Error('broken')
      }),
    ],
  })
  await run(image, options)
  expect(options.events.map(describe)).toEqual([
    'run-started',
    'build-started',
    'resource-acquired',
    'step-started builder.prepare',
    'step-finished builder.prepare succeeded',
    'step-started provisioners[0]',
    'step-finished provisioners[0] failed',
    'resource-released',
    'build-finished failed',
    'run-finished failed',
  ])
})

function describe(event: BuildEvent): string {
  const stepId = 'step' in event ? (typeof event.step === 'object' ? event.step.id : event.step) : undefined
  const status = 'status' in event ? event.status : undefined
  return [event.type, stepId, status].filter((part) => part !== undefined).join(' ')
}

test('a time-out ends each attempt, a retry waits longer each time, and the last error counts', async () => {
  const options = await runOptions()
  const image = defineImage({
    name: 'cow',
    builders: { a: thing() },
    provisioners: [step((ctx) => forever(ctx.signal), { timeout: 20, retry: { retries: 2, delay: 10, factor: 3 }, pauseBefore: 15 })],
  })
  const report = await run(image, options)
  expect(report.builds[0]?.steps[0]).toMatchObject({
    attempts: 3,
    status: 'failed',
    error: { code: 'TIMEOUT', message: 'provisioners[0] (step) took longer than 20ms' },
  })
  const waits = options.events.flatMap((event) =>
    event.type === 'step-finished' && event.retryInMs !== undefined ? [event.retryInMs] : [],
  )
  expect(waits).toEqual([10, 30])
})

test('a retry that succeeds makes the step a success', async () => {
  let attempts = 0
  const flaky = step(
    () => {
      attempts++
      if (attempts < 3) throw new Error('not yet')
    },
    { retry: { retries: 5, delay: 1 } },
  )
  const report = await run(defineImage({ name: 'cow', builders: { a: thing() }, provisioners: [flaky] }), await runOptions())
  expect([report.status, attempts]).toEqual(['succeeded', 3])
})

test('continueOnError lets the build go on', async () => {
  const seen: string[] = []
  const image = defineImage({
    name: 'cow',
    builders: { a: thing() },
    provisioners: [step(() => Promise.reject(new Error('broken')), { continueOnError: true }), step(() => void seen.push('after'))],
  })
  const report = await run(image, await runOptions())
  expect(report.status).toBe('succeeded')
  expect(report.builds[0]?.steps[0]).toMatchObject({ status: 'failed', ignored: true })
  expect(seen).toEqual(['after'])
})

test('expectDisconnect lets a step end the connection, tells the machine so, and forgives nothing else', async () => {
  const seen: string[] = []
  const broken = new ImagoError('DISCONNECTED', 'the connection to cow broke')
  const built = async (...provisioners: readonly Provisioner[]) => {
    const telling = { ...machine, expectDisconnect: () => void seen.push('expected') }
    const builder: Builder<ThingArtifact> = {
      ...thing(),
      build: async (ctx) => {
        await ctx.provision(telling)
        return { type: 'thing', id: 'cow' }
      },
    }
    const options = await runOptions()
    const report = await run(defineImage({ name: 'cow', builders: { a: builder }, provisioners }), options)
    const texts = options.events.flatMap((event) => (event.type === 'message' ? [event.text] : []))
    return { status: report.status, code: report.builds[0]?.error?.code, texts }
  }
  const ending = step(() => Promise.reject(broken), { expectDisconnect: true })
  const after = step(() => void seen.push('after'))
  expect(await built(ending, after)).toEqual({
    status: 'succeeded',
    code: undefined,
    texts: ['as expected, the connection to cow broke'],
  })
  expect(seen).toEqual(['expected', 'after'])
  expect(await built(step(() => Promise.reject(broken), { expectDisconnect: false }))).toMatchObject({ code: 'DISCONNECTED' })
  expect(await built(step(() => Promise.reject(broken)))).toMatchObject({ code: 'DISCONNECTED' })
  const lost = new ImagoError('MACHINE_LOST', 'the machine is gone')
  expect(await built(step(() => Promise.reject(lost), { expectDisconnect: true }))).toMatchObject({ code: 'MACHINE_LOST' })
  expect(seen).toEqual(['expected', 'after', 'expected'])
})

function failing(seen: string[], onBuild?: Parameters<typeof thing>[0]): Image {
  return defineImage({
    name: 'cow',
    builders: { a: thing(onBuild) },
    provisioners: [step(() => Promise.reject(new Error('broken')))],
    errorCleanup: [step(() => void seen.push('logs fetched'))],
  })
}

test.for([
  ['cleanup', ['logs fetched'], 0],
  ['abort', [], 1],
  ['run-cleanup-provisioner', ['logs fetched'], 1],
] as const)('onError %s', async ([onError, expected, kept]) => {
  const seen: string[] = []
  const { things, kind } = shelf()
  const acquire: Parameters<typeof thing>[0] = {
    build: async (ctx) =>
      void (await ctx.resources.acquire({ kind, name: 'box', data: { place: 'here' }, create: () => Promise.resolve(things.push('box')) })),
  }
  const report = await run(failing(seen, acquire), { ...(await runOptions()), onError })
  expect(seen).toEqual(expected)
  expect(things).toHaveLength(kept)
  expect(report.left.filter((record) => record.kind === 'thing')).toHaveLength(kept)
})

test('cancelling ends the builds, runs no error cleanup, releases everything and starts nothing more', async () => {
  const controller = new AbortController()
  const seen: string[] = []
  const image = defineImage({
    name: 'cow',
    builders: { a: thing(), b: thing() },
    provisioners: [
      step((ctx) => {
        controller.abort()
        return forever(ctx.signal)
      }),
    ],
    errorCleanup: [step(() => void seen.push('cleanup'))],
  })
  const options = await runOptions()
  const report = await run(image, { ...options, concurrency: 1, signal: controller.signal })
  expect(report.builds.map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
  expect(report.builds[1]?.error?.message).toBe('cancelled before it was started')
  expect(seen).toEqual([])
  expect(await readdir(join(options.stateDirectory, 'work'))).toEqual([])
  expect(await readdir(join(options.stateDirectory, 'journal'))).toEqual([])
})

test('failFast cancels the other builds', async () => {
  const image = defineImage({
    name: 'cow',
    builders: { bad: thing(), slow: thing() },
    provisioners: [
      step(() => Promise.reject(new Error('broken')), { only: ['bad'] }),
      step((ctx) => forever(ctx.signal), { only: ['slow'] }),
    ],
  })
  const report = await run(image, { ...(await runOptions()), failFast: true })
  expect(report.builds.map(({ status }) => status)).toEqual(['failed', 'cancelled'])
  expect(report.builds[1]?.error?.message).toBe('cancelled, because cow.bad failed')
})

test('pools limit the builds of one provider, concurrency limits all', async () => {
  const running = { vm: 0, cloud: 0 }
  const most = { vm: 0, cloud: 0, all: 0 }
  const busy = (pool: 'vm' | 'cloud') =>
    thing({
      pool: { name: pool, limit: 10 },
      build: async (ctx) => {
        running[pool]++
        most[pool] = Math.max(most[pool], running[pool])
        most.all = Math.max(most.all, running.vm + running.cloud)
        for (let looks = 0; most.all < 5 && looks < 200; looks++) await wait(10, ctx.signal) // the others have to begin first
        await wait(10, ctx.signal)
        running[pool]--
      },
    })
  const builders = Object.fromEntries(
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, index) => [name, busy(index < 4 ? 'vm' : 'cloud')]),
  )
  await run(defineImage({ name: 'cow', builders }), { ...(await runOptions()), pools: { vm: 2 }, concurrency: 5 })
  expect(most).toMatchObject({ vm: 2, all: 5 })
})

test('a build starts from what another image made; its base is built first and once', async () => {
  const order: string[] = []
  const noted = (name: string) => ({ build: () => Promise.resolve(void order.push(name)) })
  const base = defineImage({ name: 'base', builders: { a: thing(noted('base')), unused: thing(noted('unused')) } })
  const from = artifactOf(base, 'a')
  const ids: string[] = []
  const derived = (name: string) =>
    thing({ from, build: (ctx) => Promise.resolve(void (order.push(name), ids.push(ctx.artifact(from).id))) })
  const report = await run(defineImage({ name: 'cow', builders: { one: derived('one'), two: derived('two') } }), await runOptions())
  expect(report.status).toBe('succeeded')
  expect(order.toSorted()).toEqual(['base', 'one', 'two'])
  expect(order[0]).toBe('base')
  expect(ids).toEqual(['base.a', 'base.a'])
})

test('a build whose base failed says so', async () => {
  const base = defineImage({ name: 'base', builders: { a: thing({ build: () => Promise.reject(new Error('broken')) }) } })
  const from = artifactOf(base, 'a')
  const report = await run(
    defineImage({ name: 'cow', builders: { b: thing({ from, build: (ctx) => Promise.resolve(void ctx.artifact(from)) }) } }),
    await runOptions(),
  )
  expect(report.builds[1]?.error?.message).toBe("'base.a', which this build starts from, was not built")
})

test('post-processor chains are independent: one that fails does not stop the others, and the artifact stays', async () => {
  const options = await runOptions()
  const original = join(options.directory, 'original')
  const made = join(options.directory, 'made')
  const image = defineImage({
    name: 'cow',
    builders: {
      a: files(() => writeFile(original, 'x').then(() => ({ type: 'files', id: original, files: [{ path: original, size: 1 }] }))),
    },
    postProcessors: [
      post(() => Promise.reject(new Error('broken'))),
      post(() => writeFile(made, 'y').then(() => ({ type: 'files', id: made, files: [{ path: made, size: 1 }] }))),
    ],
  })
  const report = await run(image, options)
  expect(report.builds[0]).toMatchObject({ status: 'failed', error: { message: 'broken' }, artifacts: [{ id: original }, { id: made }] })
  expect((await readdir(options.directory)).toSorted()).toEqual(['.imago', 'made', 'original'])
})

test.for([
  [undefined, 'removed', ['made']],
  [true, 'removed', ['made', 'original']],
  [undefined, 'kept', ['made', 'original']],
  [false, 'kept', ['made']],
  [undefined, 'needed', ['made', 'original']],
] as const)('keepInputArtifact %s of a post-processor whose input is %s leaves %j', async ([keepInputArtifact, input, expected]) => {
  const options = await runOptions()
  const original = join(options.directory, 'original')
  const made = join(options.directory, 'made')
  const image = defineImage({
    name: 'cow',
    builders: {
      a: files(() => writeFile(original, 'x').then(() => ({ type: 'files', id: original, files: [{ path: original, size: 1 }] }))),
    },
    postProcessors: [
      post(() => writeFile(made, 'y').then(() => ({ type: 'files', id: made, files: [{ path: made, size: 1 }] })), {
        input,
        ...(keepInputArtifact !== undefined && { keepInputArtifact }),
      }),
    ],
  })
  const report = await run(image, options)
  expect(report.status).toBe('succeeded')
  expect((await readdir(options.directory)).filter((name) => name !== '.imago').toSorted()).toEqual(expected)
})

test('secrets are masked in every event and in the report, also when split over two chunks of output', async () => {
  const options = await runOptions()
  const token = 'hunter2-hunter2'
  const image = defineImage({
    name: 'cow',
    builders: { a: thing() },
    provisioners: [
      step(
        (ctx) => {
          ctx.output('stdout', Buffer.from('the token is hunter2-'))
          ctx.output('stdout', Buffer.from(`hunter2, in base64 ${Buffer.from(token).toString('base64')}\n`))
          ctx.emit({ type: 'message', level: 'info', text: `url: https://x/?t=${token}` })
          ctx.maskSecret('made-on-the-way')
          ctx.output('stderr', Buffer.from('made-on-the-way'))
          throw new ImagoError('COMMAND_FAILED', `login ${token} failed`, { cause: new Error(`bad ${token}`) })
        },
        { given: secret(token) },
      ),
    ],
  })
  const report = await run(image, options)
  const everything = JSON.stringify([options.events, report])
  expect(everything).not.toContain('hunter2')
  expect(everything).not.toContain(Buffer.from(token).toString('base64'))
  expect(everything).not.toContain('made-on-the-way')
  expect(options.events.flatMap((event) => (event.type === 'output' ? [event.text] : []))).toEqual([
    'the token is <secret>, in base64 <secret>\n',
    '<secret>',
  ])
})

test('an image and the same with a name are one artifact in the end', async () => {
  const named = { type: 'thing', id: 'cow.camelCase', tags: ['cow:1'] }
  const tag: PostProcessor<ThingArtifact, ThingArtifact> = {
    kind: 'post-processor',
    type: 'tag',
    options: {},
    takes: ['thing'],
    makes: { type: 'thing', files: false },
    input: 'needed',
    process: () => Promise.resolve({ ...named, type: 'thing' }),
  }
  const report = await run(defineImage({ name: 'cow', builders: { camelCase: thing() }, postProcessors: [tag] }), await runOptions())
  expect(report.builds[0]?.artifacts).toEqual([named])
})

test('secrets of the image are masked although no option holds them by themselves', async () => {
  const options = await runOptions()
  const image = defineImage({
    name: 'cow',
    builders: { a: thing() },
    provisioners: [step((ctx) => ctx.output('stdout', Buffer.from('login --token=hunter2\n')))],
    secrets: [secret('hunter2')],
  })
  await run(image, options)
  expect(options.events.flatMap((event) => (event.type === 'output' ? [event.text] : []))).toEqual(['login --token=<secret>\n'])
})
