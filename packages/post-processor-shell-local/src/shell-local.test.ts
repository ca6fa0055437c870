import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { defineImage, run, secret, validate } from '@imago/core'
import { fakeBuilder, postProcessContext, recorder } from '@imago/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { shellLocal } from './index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-shell-local-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

const artifact = {
  type: 'files',
  id: 'two',
  files: [
    { path: '/a b', size: 1 },
    { path: "/it's", size: 2 },
  ],
}

async function process(options: Parameters<typeof shellLocal>[0]) {
  const context = postProcessContext({ directory, workDirectory: directory })
  const made = await shellLocal(options).process(artifact, context)
  return { made, said: context.said }
}

test('the script has the artifact as JSON on standard input, and hands the same one on', async () => {
  const { made, said } = await process({ inline: ['cat'] })
  expect(JSON.parse(said.stdout)).toEqual(artifact)
  expect(made).toBe(artifact)
})

test('the artifact and the facts are in the environment, below the step’s own', async () => {
  const names = ['IMAGO_ARTIFACT_TYPE', 'IMAGO_ARTIFACT_ID', 'IMAGO_ARTIFACT_FILES', 'IMAGO_BUILDER_TYPE', 'TOKEN', 'BUILD']
  const inline = names.map((name) => `printf '%s|' "$${name}"`)
  const { said } = await process({
    inline,
    env: { TOKEN: secret('hunter2'), BUILD: ({ buildName }) => buildName, IMAGO_ARTIFACT_ID: 'mine' },
  })
  const { facts } = postProcessContext()
  expect(said.stdout).toBe(`files|mine|/a b\n/it's|${facts.builderType}|hunter2|${facts.buildName}|`)
  expect(said.secrets).toEqual(['hunter2'])
})

test('scripts of this machine, with CRLF and an interpreter of their own', async () => {
  await writeFile(join(directory, 'count.awk'), '#!/usr/bin/awk -f\r\n# each line\r\n{ print NF }\r\n')
  expect((await process({ script: 'count.awk' })).said.stdout).toBe('2\n')
  expect(await readdir(directory)).toEqual(['count.awk'])
})

test('a script that does not read its input is no problem, one that fails is', async () => {
  await process({ inline: ['true'] })
  await expect(process({ inline: ['exit 3'] })).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode: 3 })
  await process({ inline: ['exit 3'], validExitCodes: [0, 3] })
})

test('the next post-processor of a chain gets what came in, also when checked at run time', async () => {
  const path = join(directory, 'made')
  await writeFile(path, 'x')
  const made = { type: 'files', id: path, files: [{ path, size: 1 }] } as const
  const image = defineImage({
    name: 'cow',
    builders: { vm: fakeBuilder({ artifact: made, makes: { type: 'files', files: true } }) },
    postProcessors: [[shellLocal({ inline: ['cat > first.json'] }), shellLocal({ inline: ['cat > second.json'] })]],
  })
  const events = recorder()
  const report = await run(image, { directory, stateDirectory: join(directory, '.imago'), onEvent: events.onEvent })
  expect(report.builds[0]?.artifacts).toEqual([made])
  expect(JSON.parse(await readFile(join(directory, 'second.json'), 'utf8'))).toEqual(made)
})

test('wrong options are found before anything starts', async () => {
  const image = defineImage({
    name: 'cow',
    builders: { vm: fakeBuilder() },
    postProcessors: [shellLocal({ script: 'missing.sh', env: { 'A-B': 'x' } }), shellLocal({ inline: ['x'], keepInputArtifact: false })],
  })
  const issues = await validate(image, { directory })
  expect(issues.map(({ message }) => message)).toEqual([
    "'A-B' is not a name of an environment variable",
    "what 'shell-local' makes is nothing without its input, which must be kept",
    "'missing.sh' does not exist",
  ])
})
