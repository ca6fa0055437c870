import { ImagoError } from '@imago/core'

import type { Aws } from '../src/aws/aws.ts'
import { toAwsError } from '../src/aws/aws-error.ts'
import type { Operation, Operations } from '../src/aws/aws-sdk.ts'
import { serviceOf } from '../src/aws/aws-sdk.ts'

type Answer<O extends Operation> = Partial<Operations[O]['output']> | Error | undefined

/** What a fake answers, by operation: an answer, an error, or a function of the request. One that is not there is a mistake of the test. */
export type FakeAnswers = {
  readonly [O in Operation]?: (input: Operations[O]['input'], call: { readonly region: string; readonly count: number }) => Answer<O>
}

/** A call that the fake got. */
export interface FakeCall {
  readonly operation: Operation
  readonly region: string
  readonly input: object
}

/** AWS without AWS. */
export interface FakeAws extends Aws {
  readonly calls: readonly FakeCall[]
  /** The requests of one operation. */
  inputs<O extends Operation>(operation: O): readonly Operations[O]['input'][]
}

/** An answer that AWS gives when it refuses. */
export function refusal(code: string, message = code, status = 400): Error {
  return Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: status } })
}

/** Makes a fake. */
export function fakeAws(answers: FakeAnswers, region = 'eu-west-1'): FakeAws {
  const calls: FakeCall[] = []
  const at = (place: string): FakeAws => ({
    calls,
    region: place,
    reference: { region: place },
    endpoint: 'http://127.0.0.1:1',
    // oxlint-disable-next-line require-await -- the seam asks for a promise
    call: async <O extends Operation>(operation: O, input: Operations[O]['input'], { signal }: { readonly signal: AbortSignal }) => {
      const answer = answers[operation]
      if (answer === undefined) throw new ImagoError('INTERNAL', `this test has no answer to ${operation}`)
      calls.push({ operation, region: place, input })
      const count = calls.filter((each) => each.operation === operation).length
      const result: Answer<O> = answer(input, { region: place, count })
      if (result instanceof Error) throw toAwsError(result, { service: serviceOf(operation), operation, region: place, signal })
      const output: object = { $metadata: {}, ...result }
      return output as Operations[O]['output'] // the test gives what is looked at
    },
    upload: () => Promise.reject(new ImagoError('INTERNAL', 'this test uploads nothing')),
    in: at,
    inputs: (operation: Operation): never[] => calls.filter((call) => call.operation === operation).map(({ input }) => input as never), // each as it was given
  })
  return at(region)
}
