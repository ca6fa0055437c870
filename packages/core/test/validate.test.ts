import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'
import { z } from 'zod'

import type { Builder, Image, Issue, Provisioner, Scope } from '../src/index.ts'
import { artifactOf, defineImage, formatPath, ImagoError, parameterized, plan, preflight, run, secret, validate } from '../src/index.ts'
import { readOnly } from '../../../test/read-only-folder.ts'
import { files, post, runOptions, step, temporaryDirectory, thing } from './fixtures.ts'

async function problems(image: Image | readonly Image[], directory?: string): Promise<string[]> {
  const issues = await validate(image, directory === undefined ? {} : { directory })
  return issues.map(({ path, message, hint }) => `${formatPath(path)}: ${message}${hint === undefined ? '' : ` (${hint})`}`)
}

/** A definition as it comes from data, where the compiler cannot help. */
function untyped(definition: {
  name: string
  builders: Record<string, Builder>
  provisioners?: unknown[]
  errorCleanup?: unknown[]
  postProcessors?: unknown[]
}): Image {
  return defineImage(definition as unknown as Parameters<typeof defineImage>[0])
}

test('a definition with five mistakes reports five problems, and starts nothing', async () => {
  let started = false
  const image = untyped({
    name: 'My Cow',
    builders: { docker: thing({ build: () => Promise.resolve(void (started = true)) }) },
    provisioners: [step(() => undefined, { only: ['dokcer'] as never }), step(() => undefined, { timeout: '10 sec' as never, retry: -1 })],
    postProcessors: [post((input) => Promise.resolve(input))],
  })
  expect(await problems(image)).toEqual([
    "name: 'My Cow' cannot be the name of an image (use lower case letters and digits, with '.', '_' or '-' between them)",
    "provisioners[0].only[0]: this image has no builder 'dokcer' (did you mean 'docker'?)",
    "provisioners[1].timeout: must be a duration, such as '10s', '1.5m' or a number of milliseconds, not \"10 sec\"",
    'provisioners[1].retry: must be 0 or more, not -1',
    "postProcessors[0]: 'post' cannot take what builder 'docker' makes (thing) (limit it with only: [...])",
  ])
  const options = await runOptions()
  await expect(run(image, options)).rejects.toMatchObject({ code: 'DEFINITION_INVALID', issues: { length: 5 } })
  expect([started, options.events]).toEqual([false, []])
})

test('wiring that comes from data is checked as the compiler would', async () => {
  const artifact = { type: 'files', id: 'x', files: [] }
  const image = untyped({
    name: 'cow',
    builders: { vm: files(() => Promise.resolve(artifact)) },
    postProcessors: [
      [post((input) => Promise.resolve(input)), post((input) => Promise.resolve(input), { only: ['vm'] as never })],
      [{ ...post((input) => Promise.resolve(input)), makes: { type: 'ami', files: false } }, post((input) => Promise.resolve(input))],
      [],
      { ...post((input) => Promise.resolve(input), { input: 'needed' }), keepInputArtifact: false },
      post((input) => Promise.resolve(input), { only: ['vm'], except: ['vm'] } as never),
      post((input) => Promise.resolve(input), { expectDisconnect: true } as never),
    ],
  })
  expect(await problems(image)).toEqual([
    'postProcessors[0][1].only: only and except belong on the first post-processor of a chain',
    "postProcessors[1][1]: 'post' cannot take what 'post' before it makes (ami)",
    'postProcessors[2]: an empty chain of post-processors',
    "postProcessors[3].keepInputArtifact: what 'post' makes is nothing without its input, which must be kept (leave keepInputArtifact out)",
    'postProcessors[4].except: only and except exclude each other',
    "postProcessors[5].expectDisconnect: 'post' has no connection to the machine (it belongs on provisioners)",
  ])
})

test('names of builds, of images and of referenced builds', async () => {
  const base = defineImage({ name: 'base', builders: { docker: thing() } })
  const image = untyped({ name: 'cow', builders: { 'a b': thing(), ok: thing({ from: artifactOf(base, 'dcoker' as never) }) } })
  const found = await problems(image)
  expect(found).toContain("cow.builders.ok: image 'base' has no builder 'dcoker' (did you mean 'docker'?)")
  expect(found.some((problem) => problem.startsWith(`cow.builders["a b"]: 'a b' cannot be the name of a build`))).toBe(true)
  expect(await problems([base, defineImage({ name: 'base', builders: { docker: thing() } })])).toEqual([
    "base.name: two different images are called 'base' (give each a name of its own)",
  ])
  expect(await problems(defineImage({ name: 'cow', builders: {} }))).toEqual(['builders: there is no builder (an image needs one or more)'])
})

function reading(...paths: string[]): Provisioner {
  return { ...step(() => undefined), inputs: () => paths.map((path) => ({ path, at: ['script'], kind: 'file' })) }
}

test('local files that are read must be there', async () => {
  const directory = await temporaryDirectory()
  await mkdir(join(directory, 'folder'))
  await writeFile(join(directory, 'there.sh'), '')
  await symlink('circle', join(directory, 'circle'))
  const image = defineImage({
    name: 'cow',
    builders: { a: thing(), b: thing() },
    provisioners: [reading('there.sh', 'missing.sh', 'folder', 'circle')],
  })
  expect(await problems(image, directory)).toEqual([
    `provisioners[0].script: 'missing.sh' does not exist (looked in ${directory})`,
    "provisioners[0].script: 'folder' is not a file",
    `provisioners[0].script: 'circle' cannot be read: ELOOP: too many symbolic links encountered, stat '${join(directory, 'circle')}'`,
  ])
})

test('files of builds that are not selected are not looked for', async () => {
  const image = defineImage({
    name: 'cow',
    builders: { a: thing(), b: thing() },
    provisioners: [{ ...reading('missing.sh'), only: ['b'] }],
  })
  expect(await validate(image, { only: ['a'] })).toEqual([])
})

test('local files that are written must be writable, and written by one build only', async () => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'file'), '')
  const writing = (path: string, shared = false): Builder => ({ ...thing(), outputs: () => [{ path, at: ['output'], shared }] })
  const image = defineImage({
    name: 'cow',
    builders: {
      a: writing('new/folder/x'),
      b: writing('new/folder/x'),
      c: writing('file/x'),
      d: writing('manifest', true),
      e: writing('manifest', true),
    },
  })
  expect(await problems(image, directory)).toEqual([
    `builders.c.output: 'file/x' cannot be written: '${join(directory, 'file')}' is not a directory`,
    "builders.b.output: 'new/folder/x' is written by the builds 'cow.a' and 'cow.b' (give each a name of its own; a function of the facts can use facts.buildName)",
  ])
})

test('a file of a post-processor is named as it stands in the definition, alone or in a chain', async () => {
  const directory = await temporaryDirectory()
  const reader = { ...post((input) => Promise.resolve(input)), inputs: () => [{ path: 'missing', at: ['script'] }] }
  const builder = files(() => Promise.reject(new Error('not run')))
  const image = defineImage({ name: 'cow', builders: { a: builder }, postProcessors: [reader, [reader, reader]] })
  expect((await validate(image, { directory })).map(({ path }) => path.join('.'))).toEqual([
    'postProcessors.0.script',
    'postProcessors.1.0.script',
    'postProcessors.1.1.script',
  ])
})

test('an output folder that cannot be written', async () => {
  const directory = await temporaryDirectory()
  const closed = join(directory, 'closed')
  await mkdir(closed)
  await using _closed = await readOnly(closed)
  const image = defineImage({ name: 'cow', builders: { a: { ...thing(), outputs: () => [{ path: 'closed/x', at: ['output'] }] } } })
  expect((await problems(image, directory))[0]).toMatch(/^builders\.a\.output: 'closed\/x' cannot be written: (EROFS|EACCES)/)
})

test('a selection that names no build is a problem with a hint', async () => {
  const image = defineImage({ name: 'cow', builders: { 'aws-eu': thing(), 'aws-us': thing(), docker: thing() } })
  expect(await validate(image, { only: ['dokcer'] })).toMatchObject([
    { path: ['only'], message: "no build is called 'dokcer'", hint: "did you mean 'docker'?" },
  ])
  expect(await validate(image, { except: ['*'] })).toMatchObject([{ message: 'the selection leaves nothing to build' }])
  expect(await validate(image, { only: ['aws-*', 'cow.docker'] })).toEqual([])
})

const nothing = { name: 'cow', builders: { a: thing() } }

test.for([
  [{ ...nothing, builders: null }, 'builders: must be an object, not null'],
  [{ ...nothing, builders: { a: undefined } }, 'builders.a: is required'],
  [{ ...nothing, provisioners: step(() => undefined) }, /^provisioners: must be an array, not \{"kind":"provisioner"/],
  [{ ...nothing, provisioners: [null] }, 'provisioners[0]: must be an object, not null'],
  [{ ...nothing, provisioners: [thing()] }, `provisioners[0].kind: must be 'provisioner', not "builder"`],
  [{ ...nothing, errorCleanup: ['echo'] }, 'errorCleanup[0]: must be an object, not "echo"'],
  [{ ...nothing, postProcessors: [null] }, 'postProcessors[0]: must be an object, not null'],
  [{ ...nothing, postProcessors: [[null, null]] }, 'postProcessors[0][0]: must be an object, not null'],
  [{ ...nothing, provisoners: [] }, "provisoners: unknown option 'provisoners' (did you mean 'provisioners'?)"],
  [{ ...nothing, postProcessors: 'compress' }, 'postProcessors[0]: must be an object, not "compress"'],
  [{ ...nothing, name: 7 }, 'name: must be a string, not 7'],
] as const)('a definition of a wrong shape is reported, not thrown: %#', async ([definition, message]) => {
  const image = untyped(definition as unknown as Parameters<typeof untyped>[0])
  expect((await problems(image))[0]).toMatch(message)
  await expect(run(image)).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
  expect(() => plan(image)).toThrow(/^image '.*' has /)
})

test('what is no image is called so', async () => {
  expect(await problems(undefined as never)).toEqual(
    ['this is no image definition (make one with defineImage())'].map((text) => `: ${text}`),
  )
  const image = parameterized(z.object({}), () => defineImage(nothing))
  await expect(run(image as never)).rejects.toThrow('give them values with image.with({ … })')
})

test('names in only and except that are no list', async () => {
  const broken = (only: unknown) => ({ ...step(() => undefined), only })
  const image = untyped({ ...nothing, provisioners: [broken('a'), broken(5)] })
  expect(await problems(image)).toEqual([
    'provisioners[0].only: must be an array, not "a"',
    'provisioners[1].only: must be an array, not 5',
  ])
})

test('options so wrong that a component cannot even tell its files are reported, with what else is wrong', async () => {
  const scripts = (given: unknown): Provisioner => ({
    ...step(() => undefined),
    options: { scripts: given },
    validate: () => (Array.isArray(given) ? [] : [{ path: ['scripts'], message: 'must be an array' }]),
    inputs: () => (given as string[]).map((path) => ({ path, at: ['scripts'] })),
  })
  const throwing: Provisioner = {
    ...step(() => undefined),
    validate: () => {
      throw new TypeError('x is undefined')
    },
  }
  const image = untyped({ ...nothing, provisioners: [scripts('a.sh'), throwing, scripts(['missing.sh'])] })
  expect(await problems(image, '/')).toEqual([
    'provisioners[0].scripts: must be an array',
    "provisioners[1]: the options of 'step' cannot be checked: x is undefined",
    "provisioners[2].scripts: 'missing.sh' does not exist (looked in /)",
  ])
})

test('a time-out of nothing, and lengths of time that no timer has', async () => {
  const image = untyped({ ...nothing, provisioners: [step(() => undefined, { timeout: 0, pauseBefore: '30d' })] })
  expect((await problems(image)).toSorted()).toEqual([
    'provisioners[0].pauseBefore: must be 24 days at most, not "30d"',
    'provisioners[0].timeout: must be more than 0, or be left out, not 0',
  ])
})

test('whether a step may end the connection is yes or no', async () => {
  const image = untyped({ ...nothing, provisioners: [step(() => undefined, { expectDisconnect: 'yes' as never })] })
  expect(await problems(image)).toEqual(['provisioners[0].expectDisconnect: must be a boolean, not "yes"'])
})

test('builds of two images with the same name in full', async () => {
  const images = [defineImage({ name: 'a.b', builders: { c: thing() } }), defineImage({ name: 'a', builders: { 'b.c': thing() } })]
  expect(await problems(images)).toEqual([
    `a.builders["b.c"]: two builds are called 'a.b.c': 'b.c' of this image and 'c' of 'a.b' (rename one)`,
  ])
})

test('secrets are masked in issues, of validation and of preflight', async () => {
  const leaking = {
    ...thing({ from: secret('hunter2') }),
    validate: () => [{ path: ['from'], message: 'cannot use hunter2' }],
    preflight: () => Promise.reject(new Error('hunter2 was refused')),
  }
  const image = defineImage({ name: 'cow', builders: { a: leaking } })
  expect(await problems(image)).toEqual(['builders.a.from: cannot use <secret>'])
  expect(await preflight(image)).toEqual([{ path: ['builders', 'a'], message: '<secret> was refused' }])
})

test('provisioners of selected builds look too, once each, and what fails is an issue', async () => {
  let looks = 0
  const looking = (scope: Scope, answer: () => Promise<readonly Issue[]>): Provisioner => ({
    ...step(() => undefined, scope as object), // names of builds that come from data
    preflight: ({ directory }) => {
      looks++
      expect(directory).toBe('/definition')
      return answer()
    },
  })
  const image = untyped({
    name: 'cow',
    builders: { a: thing(), b: thing(), c: thing() },
    provisioners: [
      step(() => undefined),
      looking({}, () => Promise.resolve([{ path: ['playbook'], message: 'cannot be read' }])),
      looking({ only: ['c'] }, () => Promise.resolve([{ path: [], message: 'is not asked' }])),
    ],
    errorCleanup: [looking({ except: ['c'] }, () => Promise.reject(new ImagoError('TOOL_MISSING', 'no tool', { hint: 'get one' })))],
  })
  expect(await preflight(image, { directory: '/definition', only: ['a', 'b'] })).toEqual([
    { path: ['provisioners', 1, 'playbook'], message: 'cannot be read' },
    { path: ['errorCleanup', 0], message: 'no tool', hint: 'get one' },
  ])
  expect(looks).toBe(2)
})

test('preflight tells which image an issue is of when a build starts from another image', async () => {
  const asking = (from?: unknown) => ({
    ...thing({ from }),
    preflight: () => Promise.resolve([{ path: ['image'], message: 'is not there' }]),
  })
  const base = defineImage({ name: 'base', builders: { a: asking() } })
  const issues = await preflight(defineImage({ name: 'cow', builders: { b: asking(artifactOf(base, 'a')) } }))
  expect(issues.map(({ path }) => formatPath(path))).toEqual(['base.builders.a.image', 'cow.builders.b.image'])
})
