import { expect, test } from 'vitest'

import { fakeAws, refusal } from '../../test/fake-aws.ts'
import { instanceLost, toInstance } from './instances.ts'

const call = { signal: new AbortController().signal }
const dead = toInstance({
  InstanceId: 'i-1',
  State: { Name: 'terminated' },
  StateReason: { Code: 'Server.InternalError', Message: 'Server.InternalError: a disk is on fire' },
})

test('a dead instance is told with what AWS says of it, and the last lines of its console', async () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`)
  const aws = fakeAws({ GetConsoleOutput: () => ({ Output: Buffer.from(`${lines.join('\r\n')}\r\n`).toString('base64') }) })
  const error = await instanceLost(aws, dead, undefined, call)
  expect(error).toMatchObject({ code: 'MACHINE_LOST', message: 'instance i-1 is terminated: Server.InternalError: a disk is on fire' })
  expect(error.hint).toBe(`its console says at last:\n${lines.slice(-20).join('\n')}`)
})

test('one whose console says nothing, or may not be read, is told all the same', async () => {
  for (const answer of [{}, refusal('UnauthorizedOperation', 'no', 403)]) {
    const error = await instanceLost(fakeAws({ GetConsoleOutput: () => answer }), dead, undefined, call)
    expect(error.hint).toBe("look at the instance in AWS's console")
  }
  const spot = { ...dead, reason: 'Server.SpotInstanceTermination: Spot instance termination' }
  const error = await instanceLost(fakeAws({ GetConsoleOutput: () => ({}) }), spot, undefined, call)
  expect(error.hint).toContain('AWS took the spot instance back')
})
