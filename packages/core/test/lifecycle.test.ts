import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, onTestFinished, test, vi } from 'vitest'

import type { Artifact, BuildEvent, Builder, RunOptions, StepFailure } from '../src/index.ts'
import { artifactOf, build, defineImage, ImagoError, run, secret, wait } from '../src/index.ts'
import { files, post, runOptions, shelf, step, thing } from './fixtures.ts'

const forever = (signal: AbortSignal): Promise<void> => wait(60_000, signal)

/** Events that begin something without an event that ends it. */
function unfinished(events: readonly BuildEvent[]): string[] {
  const open = new Set<string>()
  for (const event of events) {
    const build = 'build' in event ? event.build : ''
    const what = 'step' in event && typeof event.step === 'object' ? event.step.id : ''
    const key = `${event.type.split('-')[0]} ${build} ${what}`
    if (event.type.endsWith('-started')) open.add(key)
    if (event.type.endsWith('-finished')) open.delete(key)
  }
  return [...open]
}

test('a listener that throws disturbs no build; the run rejects with its error when all is released', async () => {
  const { directory, stateDirectory } = await runOptions()
  const events: BuildEvent[] = []
  const onEvent = (event: BuildEvent): void => {
    events.push(event)
    throw new Error(`cannot show ${event.type}`)
  }
  const image = defineImage({
    name: 'cow',
    builders: { a: thing(), b: thing() },
    provisioners: [step((ctx) => ctx.output('stdout', Buffer.from('hello\n')))],
  })
  await expect(run(image, { directory, stateDirectory, onEvent })).rejects.toMatchObject({
    code: 'INTERNAL',
    message: "the listener of events failed at 'run-started': cannot show run-started",
  })
  expect(unfinished(events)).toEqual([])
  expect(events.filter(({ type }) => type === 'build-finished')).toMatchObject([{ status: 'succeeded' }, { status: 'succeeded' }])
  expect([await readdir(join(stateDirectory, 'work')), await readdir(join(stateDirectory, 'journal'))]).toEqual([[], []])
})

test('a builder that does not listen to its signal is abandoned when the run is cancelled', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const controller = new AbortController()
  const options = await runOptions()
  let late: Promise<unknown> = Promise.resolve()
  let goOn = (): void => undefined
  const deaf = thing({
    build: (ctx) => {
      controller.abort()
      const { kind } = shelf()
      const waking = new Promise<void>((resolve) => (goOn = resolve))
      late = waking.then(() => ctx.resources.acquire({ kind, name: 'late', data: { place: '' }, create: () => Promise.resolve() }))
      return new Promise(() => undefined)
    },
  })
  const running = run(defineImage({ name: 'cow', builders: { a: deaf } }), { ...options, signal: controller.signal })
  const ticking = setInterval(() => void vi.advanceTimersByTime(1000), 5)
  onTestFinished(() => clearInterval(ticking))
  expect((await running).builds[0]).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' } })
  expect(unfinished(options.events)).toEqual([])
  goOn()
  await expect(late).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(options.events.at(-1)?.type).toBe('run-finished')
})

test('a retry that is waited for when the run is cancelled is reported as cancelled', async () => {
  const controller = new AbortController()
  const options = await runOptions()
  const onEvent = (event: BuildEvent): void => {
    options.events.push(event)
    if (event.type === 'step-finished') controller.abort()
  }
  const broken = step(() => Promise.reject(new Error('broken')), { retry: { retries: 5, delay: '1h', maxDelay: '1h' } })
  const image = defineImage({ name: 'cow', builders: { a: thing() }, provisioners: [broken] })
  const report = await run(image, { ...options, onEvent, signal: controller.signal })
  expect(report.builds[0]).toMatchObject({
    status: 'cancelled',
    steps: [{ status: 'cancelled', attempts: 1, error: { message: 'broken' } }],
  })
  expect(unfinished(options.events)).toEqual([])
})

test('a pause that is cancelled starts nothing', async () => {
  const controller = new AbortController()
  const options = await runOptions()
  const paused = step(() => undefined, { pauseBefore: '1h' })
  const first = step(() => void setImmediate(() => controller.abort()))
  const image = defineImage({ name: 'cow', builders: { a: thing() }, provisioners: [first, paused] })
  const report = await run(image, { ...options, signal: controller.signal })
  expect([report.status, report.builds[0]?.steps.length]).toEqual(['cancelled', 1])
  expect(unfinished(options.events)).toEqual([])
})

test('a run that is cancelled when the builder has just finished starts no post-processor', async () => {
  const controller = new AbortController()
  const options = await runOptions()
  const image = defineImage({
    name: 'cow',
    builders: { a: files(() => Promise.resolve({ type: 'files', id: 'x', files: [] }).finally(() => controller.abort())) },
    postProcessors: [post((input) => Promise.resolve(input))],
  })
  const report = await run(image, { ...options, signal: controller.signal })
  expect(report.builds[0]).toMatchObject({ status: 'cancelled', artifacts: [{ id: 'x' }] })
  expect(options.events.map(({ type }) => type)).not.toContain('step-started')
})

test('a build that failed by itself stays failed when the run is cancelled while it releases', async () => {
  const controller = new AbortController()
  const { kind } = shelf()
  const cancelling = { ...kind, destroy: () => Promise.resolve(controller.abort()) }
  const broken = thing({
    build: async (ctx) => {
      await ctx.resources.acquire({ kind: cancelling, name: 'box', data: { place: '' }, create: () => Promise.resolve() })
      throw new ImagoError('PROVIDER_FAILED', 'no room')
    },
  })
  const report = await run(defineImage({ name: 'cow', builders: { a: broken } }), { ...(await runOptions()), signal: controller.signal })
  expect(report.builds[0]).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_FAILED' } })
})

test('onError is asked with secrets masked, and nonsense is no answer', async () => {
  const asked: StepFailure[] = []
  const failing = step(() => Promise.reject(new Error('login hunter2 failed')), { given: secret('hunter2') })
  const image = defineImage({ name: 'cow', builders: { a: thing() }, provisioners: [failing] })
  const options = await runOptions()
  const onError = ((failure: StepFailure) => {
    asked.push(failure)
    return Promise.resolve('whatever')
  }) as unknown as NonNullable<RunOptions['onError']>
  const report = await run(image, { ...options, onError })
  expect(asked.map(({ error }) => error.message)).toEqual(['login <secret> failed'])
  expect(report.builds[0]?.error).toMatchObject({ code: 'USAGE', message: 'onError answered whatever' })
  expect(report.left).toEqual([])
})

test('what a builder prints between its steps is shown to its end', async () => {
  const options = await runOptions()
  const talking = thing({ build: (ctx) => Promise.resolve(ctx.output('stdout', Buffer.from('ready.\nno line end'))) })
  await run(defineImage({ name: 'cow', builders: { a: talking } }), options)
  const shown = options.events.flatMap((event) => (event.type === 'output' ? [event.text] : []))
  expect(shown.join('')).toBe('ready.\nno line end')
})

test('a build whose base failed is not started', async () => {
  const options = await runOptions()
  let started = false
  const base = defineImage({ name: 'base', builders: { a: thing({ build: () => Promise.reject(new Error('broken')) }) } })
  const from = artifactOf(base, 'a')
  const derived = thing({ from, build: () => Promise.resolve(void (started = true)) })
  const report = await run(defineImage({ name: 'cow', builders: { b: derived } }), options)
  expect(started).toBe(false)
  expect(report.builds[1]).toMatchObject({ status: 'failed', error: { code: 'BUILD_FAILED' } })
  expect(unfinished(options.events)).toEqual([])
})

test('a base keeps what its post-processors would consume, and the next build gets it as it is', async () => {
  const options = await runOptions()
  const original = join(options.directory, 'hunter2.tar')
  const base = defineImage({
    name: 'base',
    builders: {
      a: files(() => writeFile(original, '').then(() => ({ type: 'files', id: original, files: [{ path: original, size: 0 }] }))),
    },
    postProcessors: [post(() => Promise.resolve({ type: 'files', id: 'packed', files: [] }), { input: 'removed' })],
  })
  const from = artifactOf(base, 'a')
  let got: Artifact | undefined
  const derived = thing({ from, build: (ctx) => Promise.resolve(void (got = ctx.artifact(from))) })
  const image = defineImage({ name: 'cow', builders: { b: derived }, provisioners: [step(() => undefined, { given: secret('hunter2') })] })
  const report = await run(image, options)
  expect(report.builds.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
  expect(got?.id).toBe(original)
  expect(report.builds[0]?.artifacts.map(({ id }) => id)).toEqual([original.replace('hunter2', '<secret>'), 'packed'])
  expect(await readdir(options.directory)).toContain('hunter2.tar')
})

test('an input that cannot be removed fails the build, and the report lists it beside what was made', async () => {
  const stuck = {
    ...files(() => Promise.resolve({ type: 'files', id: 'input', files: [] })),
    destroyArtifact: () => Promise.reject(new Error('busy')),
  }
  const image = defineImage({
    name: 'cow',
    builders: { a: stuck },
    postProcessors: [post(() => Promise.resolve({ type: 'files', id: 'made', files: [] }))],
  })
  const report = await run(image, await runOptions())
  expect(report.builds[0]).toMatchObject({ status: 'failed', error: { message: 'busy' }, artifacts: [{ id: 'input' }, { id: 'made' }] })
})

test('when a chain fails, what it made on the way is reported too: nothing of it is removed', async () => {
  const made = (id: string) => post(() => Promise.resolve({ type: 'files', id, files: [] }))
  const image = defineImage({
    name: 'cow',
    builders: { a: files(() => Promise.resolve({ type: 'files', id: 'first', files: [] })) },
    postProcessors: [[made('one'), made('two'), post(() => Promise.reject(new Error('broken')))]],
  })
  const report = await run(image, await runOptions())
  expect(report.builds[0]?.artifacts.map(({ id }) => id)).toEqual(['first', 'one', 'two'])
})

test.for([
  [{ concurrency: 0 }, 'concurrency: must be a whole number of 1 or more, not 0'],
  [{ pools: { vm: -1 } }, 'pools.vm: must be a whole number of 1 or more, not -1'],
  [{ releaseTimeout: 'soon' }, "releaseTimeout: must be a duration, such as '10s', '1.5m' or a number of milliseconds, not \"soon\""],
  [{ onError: 'ignore' }, `onError: must be 'cleanup', 'abort', 'run-cleanup-provisioner' or a function, not "ignore"`],
  [{ runId: '../../etc' }, 'runId: must be 8 to 40 lower case letters and digits, not "../../etc"'],
])('options that come from data are checked before anything starts: %j', async ([wrong, message]) => {
  const options = await runOptions()
  const image = defineImage({ name: 'cow', builders: { a: thing() } })
  await expect(run(image, { ...options, ...(wrong as RunOptions) })).rejects.toMatchObject({
    code: 'USAGE',
    message: `the options of the run are wrong:\n  ${message as string}`,
  })
  expect(options.events).toEqual([])
})

test('a pool has the limit of its builder, and builders without one are in a pool with their type', async () => {
  const options = await runOptions()
  const running = { own: 0, type: 0 }
  const most = { own: 0, type: 0 }
  const busy = (name: 'own' | 'type', pool?: Builder['pool']) =>
    thing({
      ...(pool !== undefined && { pool }),
      build: async (ctx) => {
        most[name] = Math.max(most[name], ++running[name])
        await wait(5, ctx.signal)
        running[name]--
      },
    })
  const own = (): Builder => busy('own', { name: 'vm', limit: 1 })
  const image = defineImage({ name: 'cow', builders: { a: own(), b: own(), c: own(), d: busy('type'), e: busy('type'), f: busy('type') } })
  await run(image, { ...options, pools: { thing: 2 } })
  expect(most).toEqual({ own: 1, type: 2 })
})

test('a limit for a pool that no build is in is refused', async () => {
  const options = await runOptions()
  const image = defineImage({ name: 'cow', builders: { a: thing({ pool: { name: 'vm', limit: 1 } }), b: thing() } })
  await expect(run(image, { ...options, pools: { tihng: 2 } })).rejects.toMatchObject({
    code: 'USAGE',
    message: "the options of the run are wrong:\n  pools.tihng: no build is in this pool (did you mean 'thing'?)",
  })
  expect(options.events).toEqual([])
  expect(await run(image, { ...options, only: ['b'], pools: { vm: 1 } })).toMatchObject({ status: 'succeeded' })
})

test('error cleanup runs what is for the build, each past the failure of the one before, and the first error stays', async () => {
  const seen: string[] = []
  const image = defineImage({
    name: 'cow',
    builders: { a: thing(), b: thing() },
    provisioners: [step(() => Promise.reject(new Error('the step broke')), { only: ['a'] })],
    errorCleanup: [
      step((ctx) => void seen.push(`one ${ctx.build}`)),
      step((ctx) => forever(ctx.signal), { timeout: 10 }),
      step(() => void seen.push('not for a'), { except: ['a'] }),
      step(() => void seen.push('last')),
    ],
  })
  const options = await runOptions()
  const report = await run(image, options)
  expect(seen).toEqual(['one a', 'last'])
  expect(report.builds).toMatchObject([{ status: 'failed', error: { message: 'the step broke' } }, { status: 'succeeded' }])
  const ended = options.events.flatMap((event) =>
    event.type === 'step-finished' && event.step.id.startsWith('errorCleanup') ? [event] : [],
  )
  expect(ended.map(({ step: { id }, status }) => `${id} ${status}`)).toEqual([
    'errorCleanup[0] succeeded',
    'errorCleanup[1] failed',
    'errorCleanup[3] succeeded',
  ])
})

test('a pool may be called like a member of every object', async () => {
  const image = defineImage({ name: 'cow', builders: { a: thing({ pool: { name: 'constructor', limit: 1 } }) } })
  expect((await run(image, await runOptions())).status).toBe('succeeded')
})

test('a build that throws where none should does not leave the others behind', async () => {
  const options = await runOptions()
  const seen: string[] = []
  const slow = thing({ build: async (ctx) => void (await wait(30, ctx.signal), seen.push('slow')) })
  const image = defineImage({ name: 'cow', builders: { odd: thing({ pool: { name: 'p', limit: 0 } }), slow } })
  await expect(run(image, options)).rejects.toThrow('concurrency')
  expect(seen).toEqual(['slow'])
  expect(options.events.at(-1)).toMatchObject({ type: 'run-finished', status: 'failed' })
  expect(await readdir(join(options.stateDirectory, 'journal'))).toEqual([])
})

test('twenty builds at once wait for one signal without a warning', async () => {
  const warnings: string[] = []
  const listen = (warning: Error): void => void warnings.push(warning.name)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  const builders = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`b${n}`, thing({ build: (ctx) => wait(5, ctx.signal) })]))
  const many = step(async (ctx) => void (await Promise.all(Array.from({ length: 20 }, () => wait(1, ctx.signal)))))
  await run(defineImage({ name: 'cow', builders, provisioners: [many] }), await runOptions())
  await new Promise((resolve) => setImmediate(resolve))
  expect(warnings).toEqual([])
})

test('a program gets artifacts as they are, whatever is masked for people', async () => {
  const options = await runOptions()
  const path = join(options.directory, 'hunter2.tar')
  const image = defineImage({
    name: 'cow',
    builders: { a: files(() => writeFile(path, '').then(() => ({ type: 'files', id: path, files: [{ path, size: 0 }] }))) },
    provisioners: [step(() => undefined, { given: secret('hunter2') })],
  })
  const { a } = await build(image, options)
  expect(a.files).toEqual([{ path, size: 0 }])
  expect(JSON.stringify(await run(image, options))).not.toContain('hunter2')
})

test('a builder that forgets the provisioners has not built', async () => {
  const forgetful: Builder = {
    kind: 'builder',
    type: 'forgetful',
    options: {},
    makes: { type: 'thing', files: false },
    build: () => Promise.resolve({ type: 'thing', id: 'thing' }),
  }
  const steps = [step(() => undefined), step(() => undefined)]
  const report = await run(defineImage({ name: 'cow', builders: { a: forgetful }, provisioners: steps }), await runOptions())
  expect(report.builds).toMatchObject([
    { status: 'failed', error: { code: 'INTERNAL', message: "builder 'forgetful' has not run the 2 provisioners of this image" } },
  ])
  expect(await run(defineImage({ name: 'cow', builders: { a: forgetful } }), await runOptions())).toMatchObject({ status: 'succeeded' })
})
