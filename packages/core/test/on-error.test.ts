import { expect, test } from 'vitest'

import type { Provisioner } from '../src/index.ts'
import { defineImage, run } from '../src/index.ts'
import { runOptions, step, thing } from './fixtures.ts'

test('onError can be asked, and can retry the failed step', async () => {
  let attempts = 0
  const image = defineImage({
    name: 'cow',
    builders: { a: thing() },
    provisioners: [step(() => (++attempts < 3 ? Promise.reject(new Error('broken')) : undefined))],
  })
  const asked: string[] = []
  const report = await run(image, {
    ...(await runOptions()),
    onError: (failure) => {
      asked.push(`${failure.build} ${failure.step.id} ${failure.error.message}`)
      return Promise.resolve('retry')
    },
  })
  expect(report.status).toBe('succeeded')
  expect(asked).toEqual(['a provisioners[0] broken', 'a provisioners[0] broken'])
})

test('onError can answer with an edited definition, of which the failed step and those after it run', async () => {
  const ran: string[] = []
  const noting = (text: string) => step(() => void ran.push(text))
  const cow = (...provisioners: Provisioner[]) => defineImage({ name: 'cow', builders: { a: thing() }, provisioners })
  const broken = cow(
    noting('one'),
    step(() => Promise.reject(new Error('broken'))),
    noting('three'),
  )
  const edited = cow(noting('not again'), noting('two, edited'), noting('three, edited'), noting('four'))
  const report = await run(broken, { ...(await runOptions()), onError: () => Promise.resolve({ retryWith: edited }) })
  expect(report.status).toBe('succeeded')
  expect(ran).toEqual(['one', 'two, edited', 'three, edited', 'four'])
})

test.each([
  ['of another image', () => defineImage({ name: 'horse', builders: { a: thing() } }), "an image that has no build 'cow.a'"],
  [
    'with mistakes',
    () => defineImage({ name: 'cow', builders: { a: thing() }, provisioners: [step(() => undefined, { timeout: 'soon' as never })] }),
    'provisioners[0].timeout',
  ],
])('an edited definition %s ends the build', async (_, edited, message) => {
  const image = defineImage({ name: 'cow', builders: { a: thing() }, provisioners: [step(() => Promise.reject(new Error('broken')))] })
  const report = await run(image, { ...(await runOptions()), onError: () => Promise.resolve({ retryWith: edited() }) })
  expect(report.status).toBe('failed')
  expect(JSON.stringify(report.builds[0]?.error)).toContain(message)
  expect(report.left).toEqual([])
})
