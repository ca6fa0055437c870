import { expect, test } from 'vitest'

import { forwardedPort } from './running-machine.ts'

const table = `Hub -1 (net0):\r
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r
  TCP[ESTABLISHED]   15       127.0.0.1 40001       10.0.2.15    22     0     0\r
  TCP[HOST_FORWARD]  12       127.0.0.1 37047       10.0.2.15    22     0     0\r
  TCP[HOST_FORWARD]  13               *  8080       10.0.2.15    80     0     0\r
  UDP[HOST_FORWARD]  14       127.0.0.1  5353       10.0.2.15    53     0     0\r
`

test('the port that leads to one of the guest', () => {
  expect(forwardedPort(table, 22)).toBe(37_047)
  expect(forwardedPort(table, 80)).toBe(8080)
  expect(forwardedPort(table, 53)).toBeUndefined()
  expect(forwardedPort('', 22)).toBeUndefined()
})
