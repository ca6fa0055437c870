import { expectMachine, fakeMachine, provisionContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { setClock } from './set-clock.ts'

test('sets the clock with what the machine has for that', async () => {
  const linux = fakeMachine()
  const windows = fakeMachine({ platform: 'windows' })
  const ctx = provisionContext()
  await setClock(linux, ctx)
  await setClock(windows, ctx)
  expectMachine(linux).toHaveRun(/^date -u -s @\d{10} /)
  expectMachine(windows).toHaveRun(/^powershell .*Set-Date -Date \(\[DateTime\]::Parse\('20[^']*Z'\)\)"$/)
  expect(ctx.said.events).toEqual([])
})

test('says that the clock is late when it may not', async () => {
  const ctx = provisionContext()
  await setClock(fakeMachine().on(/date/, { exitCode: 1 }), ctx)
  await setClock(fakeMachine({ platform: 'windows' }).on(/Set-Date/, { exitCode: 1 }), ctx)
  const texts = ctx.said.events.map((event) => (event.type === 'message' ? event.text : event.type))
  expect(texts).toEqual([
    'the clock of the machine is late: only root, or somebody with sudo, can set it',
    'the clock of the machine is late: only an administrator can set it',
  ])
})
