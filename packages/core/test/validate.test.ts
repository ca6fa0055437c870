import { execFileSync } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { Builder, Image, Provisioner } from '../src/index.ts'
import { artifactOf, defineImage, formatPath, run, validate } from '../src/index.ts'
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
    ],
  })
  expect(await problems(image)).toEqual([
    'postProcessors[0][1].only: only and except belong on the first post-processor of a chain',
    "postProcessors[1][1]: 'post' cannot take what 'post' before it makes (ami)",
    'postProcessors[2]: an empty chain of post-processors',
    "postProcessors[3].keepInputArtifact: what 'post' makes is nothing without its input, which must be kept (leave keepInputArtifact out)",
    'postProcessors[4].except: only and except exclude each other',
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
  const image = defineImage({
    name: 'cow',
    builders: { a: thing(), b: thing() },
    provisioners: [reading('there.sh', 'missing.sh', 'folder')],
  })
  expect(await problems(image, directory)).toEqual([
    `provisioners[0].script: 'missing.sh' does not exist (looked in ${directory})`,
    "provisioners[0].script: 'folder' is not a file",
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

test('an output folder that cannot be written', async () => {
  const directory = await temporaryDirectory()
  const closed = join(directory, 'closed')
  await mkdir(closed)
  if (process.getuid?.() === 0) {
    // permissions do not stop root, a file system that is read-only does
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', closed])
    onTestFinished(() => void execFileSync('umount', [closed]))
  } else await chmod(closed, 0o500)
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
