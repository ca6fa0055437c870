import { ImagoError, isImagoError } from '@imago/core'
import { expect, test } from 'vitest'

import { refusal } from '../../test/fake-aws.ts'
import { toAwsError } from './aws-error.ts'
import type { PollOptions } from './poll.ts'
import { poll, untilKnown } from './poll.ts'

const pace = { firstMs: 1, lastMs: 2 }
const never = new AbortController().signal
const refused = (code: string, status?: number): ImagoError =>
  toAwsError(refusal(code, code, status), { service: 'ec2', operation: 'DescribeInstances', region: 'eu-west-1', signal: never })

function polling(answers: readonly (string | Error | undefined)[], options: Partial<PollOptions<string>> = {}): Promise<string> {
  let at = 0
  return poll<string>({
    what: 'a thing to run',
    signal: never,
    timeoutMs: 5000,
    pace,
    look: () => {
      const answer = answers[Math.min(at++, answers.length - 1)]
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    isDone: (state) => state === 'running',
    describe: (state) => state,
    ...options,
  })
}

async function rejection(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )
}

test('looks until it is done, and says what it sees', async () => {
  const seen: string[] = []
  expect(await polling(['pending', 'pending', 'running'], { onLook: (state) => seen.push(state) })).toBe('running')
  expect(seen).toEqual(['pending', 'pending', 'running'])
})

test('is patient with what AWS does not know yet, with throttling and with a network that is away', async () => {
  const answers = [
    refused('InvalidInstanceID.NotFound'),
    undefined,
    refused('RequestLimitExceeded', 503),
    refused('InternalError', 500),
    new ImagoError('NETWORK', 'away'),
    'running',
  ]
  expect(await polling(answers)).toBe('running')
})

test('gives up on what it has not seen for longer than the grace', async () => {
  const error = await rejection(polling(['pending', undefined], { graceMs: 10 }))
  expect(error).toMatchObject({ code: 'PROVIDER_FAILED', message: 'waited for a thing to run: there is no such thing any more' })
})

test('fails at once when AWS refuses', async () => {
  const error = await rejection(polling([refused('UnauthorizedOperation', 403)]))
  expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
})

test('fails at once with the reason in a state that ends it', async () => {
  let looks = 0
  const options = {
    onLook: () => looks++,
    failure: (state: string) => (state === 'terminated' ? new ImagoError('MACHINE_LOST', 'it ended') : undefined),
  }
  expect(await rejection(polling(['pending', 'terminated', 'running'], options))).toMatchObject({
    code: 'MACHINE_LOST',
    message: 'it ended',
  })
  expect(looks).toBe(2)
})

test('says in which state time ran out', async () => {
  const error = await rejection(polling(['pending'], { timeoutMs: 20 }))
  expect(error).toMatchObject({ code: 'TIMEOUT', message: 'waited 20ms for a thing to run: it is pending' })
})

test('a time-out names the error that stood in the way', async () => {
  const error = await rejection(polling([refused('RequestLimitExceeded', 503)], { timeoutMs: 20 }))
  expect(isImagoError(error, 'TIMEOUT') && isImagoError(error.cause, 'PROVIDER_UNAVAILABLE')).toBe(true)
})

test('the signal ends the pause at once, and nothing is asked after it', async () => {
  const cancel = new AbortController()
  let looks = 0
  const work = polling(['pending'], {
    signal: cancel.signal,
    pace: { firstMs: 60_000, lastMs: 60_000 },
    timeoutMs: 600_000,
    onLook: () => looks++,
  })
  await new Promise((resolve) => setImmediate(resolve))
  cancel.abort()
  expect(await rejection(work)).toMatchObject({ code: 'CANCELLED' })
  expect(looks).toBe(1)
})

test('untilKnown calls again only for the errors that it is told', async () => {
  let calls = 0
  const call = (): Promise<string> => {
    calls += 1
    if (calls < 3) return Promise.reject(refused('InvalidGroup.NotFound'))
    return calls === 3 ? Promise.resolve('done') : Promise.reject(refused('UnauthorizedOperation'))
  }
  const options = { isEarly: (error: unknown) => isImagoError(error, 'PROVIDER_FAILED'), signal: never, pace }
  expect(await untilKnown(call, options)).toBe('done')
  expect(await rejection(untilKnown(call, options))).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  expect(calls).toBe(4)
})
