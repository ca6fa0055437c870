import type { Plugin, SweepOptions, SweptResource } from '@imago/core'
import { describe, expect, test } from 'vitest'

import type { FakeHost } from '../../test/fake-host.ts'
import { fakeHost } from '../../test/fake-host.ts'
import { main } from '../main.ts'

const docker: Plugin = { name: '@imago/builder-docker', resourceKinds: [] }
const amazon = {
  plugin: { name: '@imago/builder-amazon', resourceKinds: [] },
  iamPolicy: () => expect.unreachable(),
  sweepAmazon: (options: object): Plugin => ({ name: `amazon ${JSON.stringify(options)}`, resourceKinds: [] }),
}

function swept(outcome: SweptResource['outcome'], said: Partial<SweptResource> = {}): SweptResource {
  const record = { runId: 'run00001', image: 'hello', build: 'docker', kind: 'docker-container', package: 'p', name: 'imago-1', data: {} }
  return { record, outcome, ...said }
}

async function sweep(
  args: readonly string[],
  found: readonly SweptResource[],
): Promise<{ code: number; host: FakeHost; options: SweepOptions }> {
  let options: SweepOptions = {}
  const host = fakeHost({
    modules: {
      importPackage: (name) =>
        Promise.resolve(name === docker.name ? { plugin: docker } : name === '@imago/builder-amazon' ? amazon : undefined),
    },
    core: {
      sweep(given = {}) {
        options = given
        for (const resource of found) given.onResource?.(resource)
        return Promise.resolve(found)
      },
    },
  })
  return { code: await main(['sweep', ...args], host), host, options }
}

describe('imago sweep', () => {
  test('says what was removed', async () => {
    const { code, host, options } = await sweep([], [swept('removed'), swept('in-use'), swept('removed')])
    expect(code).toBe(0)
    expect(host.stdout.text.split('\n')).toEqual([
      '✓ removed docker-container imago-1 (hello.docker, run run00001)',
      '· in use docker-container imago-1 (hello.docker, run run00001)',
      '✓ removed docker-container imago-1 (hello.docker, run run00001)',
      'removed 2, in use 1',
      '',
    ])
    expect(options).toMatchObject({ stateDirectory: '/home/project/.imago', plugins: [docker], dryRun: false, otherHosts: false })
    expect(host.stderr.text).toBe('')
  })

  test('fails when something could not be removed, and says why', async () => {
    const { code, host } = await sweep([], [swept('failed', { error: { code: 'TIMEOUT', message: 'timed out', hint: 'try again' } })])
    expect(code).toBe(1)
    expect(host.stdout.text).toContain(
      '✗ could not remove docker-container imago-1 (hello.docker, run run00001)\n    timed out\n    hint: try again\n',
    )
  })

  test('hands its options on', async () => {
    const { options, host } = await sweep(['--dry-run', '--other-hosts'], [])
    expect(options).toMatchObject({ dryRun: true, otherHosts: true })
    expect(host.stdout.text).toBe('nothing is left behind\n')
  })

  test('looks at AWS when asked to, and nowhere else', async () => {
    const { options } = await sweep(['--aws', '--region', 'eu-west-1,us-west-2', '--region', 'us-east-1', '--expired'], [])
    expect(options.plugins?.map(({ name }) => name)).toEqual([
      docker.name,
      'amazon {"regions":["eu-west-1","us-west-2","us-east-1"],"onlyExpired":true}',
    ])
    const refused = await sweep(['--expired'], [])
    expect(refused.code).toBe(2)
    expect(refused.host.stderr.text).toContain("option '--expired' needs --aws beside it")
  })

  test('loads the packages that journals name', async () => {
    const { options } = await sweep([], [])
    await expect(options.loadPlugin?.('@imago/builder-docker')).resolves.toBe(docker)
    await expect(options.loadPlugin?.('their-builder')).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: "the package 'their-builder' is not installed",
      hint: 'npm install their-builder',
    })
  })

  test('writes JSON lines', async () => {
    const { host } = await sweep(['--json'], [swept('would-remove')])
    expect(host.stdout.text).toBe(`${JSON.stringify(swept('would-remove'))}\n`)
  })
})
