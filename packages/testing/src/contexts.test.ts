import { artifactOf, defineImage } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { buildContext, postProcessContext, provisionContext } from './contexts.ts'
import { fakeBuilder } from './fake-builder.ts'
import { fakeMachine } from './fake-machine.ts'

describe('provisionContext', () => {
  test('has facts and their environment', () => {
    const context = provisionContext({ build: 'aws', builderType: 'amazon-ebs' })
    expect(context.facts).toEqual({ buildName: 'aws', builderType: 'amazon-ebs', runId: 'testrun0', image: 'image' })
    expect(context.env).toMatchObject({ PACKER_BUILD_NAME: 'aws', IMAGO_BUILDER_TYPE: 'amazon-ebs' })
  })

  test('records what is said', async () => {
    const machine = fakeMachine().on('id', { stdout: 'root\n', stderr: 'x' })
    const context = provisionContext({ machine })
    await context.machine.exec('id', { onOutput: context.output })
    context.emit({ type: 'message', level: 'info', text: 'hello' })
    context.maskSecret('hunter22')
    expect(context.said.stdout).toBe('root\n')
    expect(context.said.stderr).toBe('x')
    expect(context.said.events).toEqual([{ type: 'message', level: 'info', text: 'hello' }])
    expect(context.said.secrets).toEqual(['hunter22'])
  })

  test('takes what is given', () => {
    const signal = AbortSignal.abort()
    expect(provisionContext({ signal, directory: '/src' })).toMatchObject({ signal, directory: '/src' })
    expect(postProcessContext({ facts: { buildName: 'b', builderType: 'c', runId: 'd', image: 'e' } }).facts.image).toBe('e')
  })
})

describe('buildContext', () => {
  test('records steps and provisioning', async () => {
    const machine = fakeMachine()
    const context = buildContext({ provision: async (given) => void (await given.exec('hello')) })
    expect(await context.step('pull', 'pull debian', () => Promise.resolve(3))).toBe(3)
    await context.provision(machine, { host: '10.0.0.1' })
    expect(context.steps).toEqual([{ id: 'pull', title: 'pull debian' }])
    expect(context.provisioned).toEqual([{ machine, facts: { host: '10.0.0.1' } }])
    expect(machine.commands).toHaveLength(1)
  })

  test('gives the artifacts of other builds', () => {
    const base = defineImage({ name: 'base', builders: { docker: fakeBuilder() } })
    const artifact = { type: 'fake', id: 'x' }
    expect(buildContext({ artifacts: { 'base.docker': artifact } }).artifact(artifactOf(base, 'docker'))).toBe(artifact)
    expect(() => buildContext().artifact(artifactOf(base, 'docker'))).toThrow('no artifact of base.docker')
  })

  test('keeps account of resources', async () => {
    const { resources } = buildContext({ runId: 'run1', image: 'cow', build: 'docker' })
    const destroyed: (string | undefined)[] = []
    const kind = { kind: 'volume', package: 'x', destroy: (record: { id?: string }) => Promise.resolve(void destroyed.push(record.id)) }
    const acquire = (name: string) => resources.acquire({ kind, name, data: {}, create: () => Promise.resolve(name.length), id: String })
    const [first, second, third] = [await acquire('a'), await acquire('bb'), await acquire('ccc')]
    expect(resources.held.map(({ name }) => name)).toEqual(['a', 'bb', 'ccc'])
    await second.disown()
    await first.release()
    await first.release()
    await resources.releaseAll()
    expect(third.value).toBe(3)
    expect(destroyed).toEqual(['1', '3'])
    expect(resources.held).toEqual([])
    expect(resources.log.map(({ what, record }) => `${what} ${record.name}`)).toEqual([
      'intended a',
      'acquired a',
      'intended bb',
      'acquired bb',
      'intended ccc',
      'acquired ccc',
      'disowned bb',
      'released a',
      'released ccc',
    ])
  })

  test('leaves the intent of what could not be made', async () => {
    const { resources } = buildContext()
    const kind = { kind: 'volume', package: 'x', destroy: () => Promise.resolve() }
    await expect(resources.acquire({ kind, name: 'a', data: {}, create: () => Promise.reject(new Error('no')) })).rejects.toThrow('no')
    expect(resources.log.map(({ what }) => what)).toEqual(['intended'])
  })
})
