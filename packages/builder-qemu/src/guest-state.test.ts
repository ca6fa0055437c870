import { fakeMachine } from '@imago/testing'
import { expect, test } from 'vitest'

import { fleetingState, lostByReboot } from './guest-state.ts'

const booted = ['process cron', 'process sh', 'mount /', 'mount /proc', 'root ext4']

test.each([
  ['nothing', booted, undefined],
  ['a process of a kind that was there', ['process cron', ...booted], 'process cron'],
  ['another process', [...booted, 'process sleep'], 'process sleep'],
  ['a mount', [...booted, 'mount /mnt'], 'mount /mnt'],
  ['a file that the next boot removes', [...booted, 'file /tmp/upload'], 'file /tmp/upload'],
  ['all, of a system that runs from memory', [...booted.slice(0, -1), 'root overlay'], 'root overlay'],
  ['nothing when something has gone', booted.slice(1), undefined],
])('a reboot would lose %s', (_, now, lost) => {
  expect(lostByReboot(booted, now)).toBe(lost)
})

test('of Windows nobody can tell, and it is not asked', async () => {
  const machine = fakeMachine({ platform: 'windows' })
  await expect(fleetingState(machine, new AbortController().signal)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  expect(machine.commands).toEqual([])
})
