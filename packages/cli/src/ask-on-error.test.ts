import type { StepFailure } from '@imago/core'
import { defineImage, ImagoError } from '@imago/core'
import { expect, test } from 'vitest'

import { fakeHost } from '../test/fake-host.ts'
import { step } from '../test/sample-events.ts'
import { askOnError } from './ask-on-error.ts'

const edited = defineImage({ name: 'hello', builders: {} })

const failure: StepFailure = {
  image: 'hello',
  build: 'docker',
  builderType: 'fake',
  step: step(),
  error: { code: 'COMMAND_FAILED', message: 'the command exited with 100\nand more' },
}

function asking(...keys: readonly string[]): {
  ask: ReturnType<typeof askOnError>
  shown: (string | undefined)[]
  controller: AbortController
} {
  const controller = new AbortController()
  const shown: (string | undefined)[] = []
  const ask = askOnError({
    reload: () => Promise.resolve(edited),
    keys: fakeHost({ keys }).keys,
    show: (question) => shown.push(question),
    interrupt: () => controller.abort(new Error('Ctrl-C')),
  })
  return { ask, shown, controller }
}

test.each([
  [['c'], 'cleanup'],
  [['A'], 'abort'],
  [['x', '\r', 'r'], { retryWith: edited }],
  [['xyr'], { retryWith: edited }],
] as const)('the keys %j mean %s', async (keys, answer) => {
  const { ask, shown, controller } = asking(...keys)
  await expect(ask(failure, controller.signal)).resolves.toEqual(answer)
  expect(shown).toEqual([
    'hello.docker: the command exited with 100 (shell: apt-get update)\n[c]lean up, [a]bort and leave everything as it is, or [r]etry the step, as the definition says now?',
    undefined,
  ])
})

test('Ctrl-C cancels the run, and cleans up', async () => {
  const { ask, controller, shown } = asking('\u0003')
  await expect(ask(failure, controller.signal)).resolves.toBe('cleanup')
  expect(controller.signal.aborted).toBe(true)
  expect(shown.at(-1)).toBeUndefined()
})

test('a run that is cancelled while it asks cleans up', async () => {
  const { ask, controller } = asking()
  const answer = ask(failure, controller.signal)
  controller.abort(new Error('SIGTERM'))
  await expect(answer).resolves.toBe('cleanup')
})

test('asks one question at a time', async () => {
  const { ask, controller, shown } = asking('c', 'r')
  const answers = await Promise.all([ask(failure, controller.signal), ask({ ...failure, build: 'oci' }, controller.signal)])
  expect(answers).toEqual(['cleanup', { retryWith: edited }])
  expect(shown.map((question) => question?.slice(0, 10))).toEqual(['hello.dock', undefined, 'hello.oci:', undefined])
})

test('an edited definition that cannot be used is told, and asked about again', async () => {
  const shown: (string | undefined)[] = []
  let mistakes = 1
  const ask = askOnError({
    keys: fakeHost({ keys: ['r', 'r'] }).keys,
    show: (question) => shown.push(question),
    interrupt: () => undefined,
    reload: (name) =>
      mistakes-- > 0 ? Promise.reject(new ImagoError('DEFINITION_INVALID', `${name}: a comma is missing`)) : Promise.resolve(edited),
  })
  await expect(ask(failure, new AbortController().signal)).resolves.toEqual({ retryWith: edited })
  expect(shown[1]).toMatch(/^the definition cannot be used: hello: a comma is missing\n\[c\]lean up/)
})

test('a builder is tried again as it is', async () => {
  const { ask, controller, shown } = asking('r')
  const builder = { ...failure, step: { ...step(), kind: 'builder' as const } }
  await expect(ask(builder, controller.signal)).resolves.toBe('retry')
  expect(shown[0]).toMatch(/or \[r\]etry the step\?$/)
})
