import type { BuildEvent } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { recorder } from './recorder.ts'

const at = { runId: 'r', time: '2030-01-01T00:00:00Z', image: 'cow', build: 'docker' }
const step = { id: 'provisioners[0]', kind: 'provisioner', type: 'shell', title: 'x' } as const
const resource = { kind: 'container', name: 'c' }
const events: readonly BuildEvent[] = [
  { ...at, type: 'build-started', builderType: 'docker', steps: 1 },
  { ...at, type: 'resource-acquired', resource },
  { ...at, type: 'step-started', step, attempt: 1 },
  { ...at, type: 'output', step: step.id, stream: 'stdout', text: 'a\n' },
  { ...at, build: 'aws', type: 'output', stream: 'stderr', text: 'b\n' },
  { ...at, type: 'step-finished', step, attempt: 1, status: 'failed', durationMs: 1 },
  { ...at, type: 'step-started', step, attempt: 2 },
  { ...at, type: 'resource-released', resource },
]

describe('a recorder', () => {
  const heard = recorder()
  for (const event of events) heard.onEvent(event)

  test('keeps everything', () => {
    expect(heard.events).toEqual(events)
  })
  test('finds events by type and build', () => {
    expect(heard.of('resource-acquired').map((event) => event.resource.name)).toEqual(['c'])
    expect(heard.of('output', 'aws')).toHaveLength(1)
    expect(heard.of('run-started', 'aws')).toEqual([])
  })
  test('puts output together', () => {
    expect(heard.output()).toBe('a\nb\n')
    expect(heard.output('docker')).toBe('a\n')
    expect(heard.output(undefined, 'stderr')).toBe('b\n')
  })
  test('tells how each attempt ended', () => {
    expect(heard.steps('docker')).toEqual([
      { step, status: 'failed' },
      { step, status: 'running' },
    ])
  })
  test('finds what did not end', () => {
    expect(heard.unbalanced()).toEqual(['build cow.docker', 'step cow.docker provisioners[0] attempt 2'])
  })
  test('finds what ended without having begun', () => {
    const other = recorder()
    other.onEvent({ ...at, type: 'run-finished', status: 'failed', durationMs: 1 })
    expect(other.unbalanced()).toEqual(['run'])
  })
})
