import { describe, expect, test } from 'vitest'

import { buildContext } from './contexts.ts'
import { fakeBuilder, plugin } from './fake-builder.ts'
import { fakeMachine } from './fake-machine.ts'

describe('fakeBuilder', () => {
  test('hands over a machine and makes its artifact', async () => {
    const machine = fakeMachine()
    const builder = fakeBuilder({ machine, facts: { host: 'h' }, artifact: { type: 'ami', id: 'ami-1', region: 'eu' } })
    const context = buildContext()
    const artifact = await builder.build(context)
    expect(artifact.region).toBe('eu')
    expect(builder.makes).toEqual({ type: 'ami', files: false })
    expect(context.provisioned).toEqual([{ machine, facts: { host: 'h' } }])
    await context.resources.releaseAll()
    expect(builder.phases).toEqual(['create', 'provision', 'artifact', 'destroy'])
  })

  test('makes an artifact of its own when none is given', async () => {
    expect(await fakeBuilder().build(buildContext({ image: 'cow', build: 'a' }))).toEqual({ type: 'fake', id: 'fake-cow-a' })
  })

  test('fails at preflight', async () => {
    const context = { directory: '/', signal: new AbortController().signal }
    await expect(fakeBuilder({ failAt: 'preflight' }).preflight?.(context)).rejects.toThrow('fails at preflight')
  })

  test.each(['create', 'provision', 'artifact'] as const)('fails at %s', async (failAt) => {
    const error = new Error('told so')
    await expect(fakeBuilder({ failAt, error }).build(buildContext())).rejects.toBe(error)
    await expect(fakeBuilder({ failAt }).build(buildContext())).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
  })

  test('fails to destroy', async () => {
    const context = buildContext()
    await fakeBuilder({ failAt: 'destroy' }).build(context)
    await expect(context.resources.releaseAll()).rejects.toThrow('fails at destroy')
    expect(context.resources.held).toHaveLength(1)
  })

  test('can be held at a phase', async () => {
    const abort = new AbortController()
    const builder = fakeBuilder({
      onPhase: (phase, signal) => {
        if (phase === 'create') abort.abort(new Error('stop'))
        signal.throwIfAborted()
      },
    })
    await expect(builder.build(buildContext({ signal: abort.signal }))).rejects.toThrow('stop')
  })

  test('reports the problems it is told to, and what it was told to remove', async () => {
    const issues = [{ path: ['x'], message: 'is wrong' }]
    const builder = fakeBuilder({ issues, preflightIssues: issues })
    const context = { directory: '/', signal: new AbortController().signal }
    expect(builder.validate?.()).toEqual(issues)
    expect(await builder.preflight?.(context)).toEqual(issues)
    await builder.destroyArtifact?.({ type: 'fake', id: 'a' }, context)
    expect(builder.destroyed).toEqual([{ type: 'fake', id: 'a' }])
  })
})

test('the plugin forgets machines of runs that are gone', async () => {
  const [kind] = plugin.resourceKinds
  const record = { runId: 'r', image: 'i', build: 'b', kind: 'fake-machine', package: '@imago/testing', name: 'n', data: {} }
  expect(kind?.kind).toBe(record.kind)
  await expect(kind?.destroy(record, new AbortController().signal)).resolves.toBeUndefined()
})
