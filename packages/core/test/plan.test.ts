import { expect, test } from 'vitest'

import { artifactOf, defineImage, plan, secret } from '../src/index.ts'
import { files, post, step, thing } from './fixtures.ts'

const base = defineImage({ name: 'base', builders: { a: thing() } })
const image = defineImage({
  name: 'cow',
  description: 'a cow',
  builders: { one: thing({ from: artifactOf(base, 'a') }), two: files(() => Promise.reject(new Error('never run'))) },
  provisioners: [
    step(() => undefined, {
      name: 'greet',
      given: { text: 'hello', token: secret('hunter2'), later: () => 'x', bytes: new Uint8Array([1, 2, 3]), none: undefined },
    }),
    step(() => undefined, { only: ['two'], timeout: '10s', retry: 3, pauseBefore: '1s', continueOnError: true }),
  ],
  errorCleanup: [step(() => undefined)],
  postProcessors: [[post((input) => Promise.resolve(input), { only: ['two'] }), post((input) => Promise.resolve(input))]],
})

test('the plan shows each build step by step, as plain JSON', () => {
  expect(plan(image)).toMatchInlineSnapshot(`
    {
      "builds": [
        {
          "after": [
            "base.a",
          ],
          "build": "one",
          "builderType": "thing",
          "errorCleanup": [
            {
              "id": "errorCleanup[0]",
              "kind": "error-cleanup",
              "options": {},
              "title": "step",
              "type": "step",
            },
          ],
          "makes": {
            "files": false,
            "type": "thing",
          },
          "options": {
            "from": {
              "$artifactOf": "base.a",
            },
          },
          "postProcessors": [],
          "provisioners": [
            {
              "id": "provisioners[0]",
              "kind": "provisioner",
              "options": {
                "given": {
                  "bytes": {
                    "$bytes": 3,
                    "sha256": "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81",
                  },
                  "later": {
                    "$computed": true,
                  },
                  "text": "hello",
                  "token": {
                    "$secret": true,
                  },
                },
              },
              "title": "greet",
              "type": "step",
            },
          ],
        },
        {
          "after": [],
          "build": "two",
          "builderType": "files",
          "errorCleanup": [
            {
              "id": "errorCleanup[0]",
              "kind": "error-cleanup",
              "options": {},
              "title": "step",
              "type": "step",
            },
          ],
          "makes": {
            "files": true,
            "type": "files",
          },
          "options": {},
          "postProcessors": [
            [
              {
                "id": "postProcessors[0][0]",
                "kind": "post-processor",
                "options": {},
                "title": "post",
                "type": "post",
              },
              {
                "id": "postProcessors[0][1]",
                "kind": "post-processor",
                "options": {},
                "title": "post",
                "type": "post",
              },
            ],
          ],
          "provisioners": [
            {
              "id": "provisioners[0]",
              "kind": "provisioner",
              "options": {
                "given": {
                  "bytes": {
                    "$bytes": 3,
                    "sha256": "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81",
                  },
                  "later": {
                    "$computed": true,
                  },
                  "text": "hello",
                  "token": {
                    "$secret": true,
                  },
                },
              },
              "title": "greet",
              "type": "step",
            },
            {
              "continueOnError": true,
              "id": "provisioners[1]",
              "kind": "provisioner",
              "options": {},
              "pauseBefore": "1s",
              "retry": 3,
              "timeout": "10s",
              "title": "step",
              "type": "step",
            },
          ],
        },
      ],
      "description": "a cow",
      "image": "cow",
    }
  `)
  expect(JSON.parse(JSON.stringify(plan(image)))).toEqual(plan(image))
})

test('the plan is the same every time and takes a selection', () => {
  expect(plan(image)).toEqual(plan(image))
  expect(plan(image, { only: ['two'] }).builds.map(({ build }) => build)).toEqual(['two'])
  expect(() => plan(image, { only: ['tow'] })).toThrow("no build is called 'tow' (did you mean 'two'?)")
})

test('a plan of options that refer to themselves, and of what is kept', () => {
  const options: Record<string, unknown> = { list: [] }
  options['self'] = options
  options['list'] = [options, 1n]
  const circular = { ...thing(), options }
  const keep = post((input) => Promise.resolve(input), { keepInputArtifact: true })
  const odd = defineImage({
    name: 'odd',
    builders: { a: { ...circular, makes: { type: 'files', files: true } } },
    postProcessors: [keep as never],
  })
  expect(plan(odd).builds[0]).toMatchObject({
    options: { self: { $circular: true }, list: [{ $circular: true }, '1'] },
    postProcessors: [[{ keepInputArtifact: true }]],
  })
})

test('secrets of the image are masked inside of longer texts', () => {
  const secretive = defineImage({
    name: 'cow',
    builders: { one: thing() },
    provisioners: [step(() => undefined, { given: { command: 'login --token=hunter2' } })],
    secrets: [secret('hunter2')],
  })
  expect(plan(secretive).builds[0]?.provisioners[0]?.options).toEqual({ given: { command: 'login --token=<secret>' } })
})
