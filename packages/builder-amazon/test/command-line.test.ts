import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { CommandLine } from './command-line.ts'
import { commandLine } from './command-line.ts'

/** A build without a machine to enter. */
const definition = (ami: string, more = ''): string => `import { amazonEbs } from '@imago/builder-amazon'
import { defineImage } from '@imago/core'
export default defineImage({
  name: 'cow',
  builders: {
    aws: amazonEbs({
      region: 'us-west-2',
      sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
      instanceType: 't3.small',
      connect: { communicator: 'none' },
      polling: { interval: '30ms' },
      ami: ${ami},
      ${more}
    }),
  },
})
`

/** The modules that a command loads, by their addresses. */
async function loaded({ folder, imago }: Pick<CommandLine, 'folder' | 'imago'>, ...args: readonly string[]): Promise<readonly string[]> {
  const coverage = join(folder, `coverage-${args.join('')}`)
  const { code, stderr } = await imago(args, { NODE_V8_COVERAGE: coverage })
  expect([code, stderr]).toEqual([0, ''])
  const reports = await Promise.all(
    (await readdir(coverage)).map(async (file): Promise<{ result: { url: string }[] }> =>
      JSON.parse(await readFile(join(coverage, file), 'utf8')),
    ),
  )
  return reports.flatMap(({ result }) => result.map(({ url }) => url))
}

const isSdk = (url: string): boolean => /@aws-sdk|@smithy/.test(url)

test("a plan loads this package, and nothing of Amazon's; looking at AWS does", { timeout: 120_000 }, () =>
  commandLine(definition("{ name: 'cow' }"), {}, async (there) => {
    const planned = await loaded(there, 'plan')
    expect(planned.some((url) => url.includes('builder-amazon'))).toBe(true)
    expect(planned.filter(isSdk)).toEqual([])
    expect((await loaded(there, 'validate', '--online')).some(isSdk)).toBe(true)
    expect(there.emulator.leftovers()).toEqual([])
  }),
)

test('validating online shows the policy that imago policy writes', { timeout: 120_000 }, () =>
  commandLine(definition("{ name: 'cow', encrypt: true }"), {}, async ({ imago }) => {
    const validated = await imago(['validate', '--online'])
    expect(validated).toMatchObject({ code: 0, stderr: '' })
    const policy = await imago(['policy'])
    expect(policy.code).toBe(0)
    expect(validated.stdout).toBe(
      `no problem in image.ts: 1 image, 1 build\nthe credentials for AWS need no more than this policy:\n${policy.stdout}`,
    )
    expect(policy.stdout).toContain('"kms:CreateGrant"')
  }),
)

test('values of AWS are there before the plan, and secrets stay secret', { timeout: 120_000 }, () => {
  const image = `import { amazonEbs, findAmi, parameterStore, secretsManager } from '@imago/builder-amazon'
import { defineImage } from '@imago/core'
import { shellLocal } from '@imago/provisioner-shell'
const region = 'us-west-2'
const base = await findAmi({ region, owners: ['136693071363'], name: 'debian-12-amd64-*' })
const version = await parameterStore({ region, name: '/cow/version' })
const password = await secretsManager({ region, name: 'cow/db', key: 'password' })
export default defineImage({
  name: 'cow',
  builders: {
    aws: amazonEbs({ region, sourceAmi: base.id, instanceType: 't3.small', connect: { communicator: 'none' }, ami: { name: \`cow-\${version}\` } }),
  },
  provisioners: [shellLocal({ inline: ['echo "it is $PASSWORD"'], env: { PASSWORD: password } })],
})
`
  const secrets = { 'cow/db': JSON.stringify({ password: 'moo-moo-moo' }) }
  return commandLine(image, { parameters: { '/cow/version': '1.4' }, secrets }, async ({ imago, emulator }) => {
    const planned = await imago(['plan', '--json'])
    expect(planned).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(planned.stdout)).toMatchObject([
      { builds: [{ options: { sourceAmi: expect.stringMatching(/^ami-[0-9a-f]{17}$/), ami: { name: 'cow-1.4' } } }] },
    ])
    expect(planned.stdout).not.toContain('moo-moo-moo')
    expect(Object.keys(emulator.journal.counts()).toSorted()).toEqual(['DescribeImages', 'GetParameter', 'GetSecretValue'])
    const built = await imago(['build'])
    expect(built.code).toBe(0)
    expect(`${built.stdout}${built.stderr}`).toContain('it is <secret>')
    expect(`${built.stdout}${built.stderr}`).not.toContain('moo-moo-moo')
    expect(emulator.leftovers().map(({ kind, name }) => [kind, name])).toEqual([
      ['image', 'cow-1.4'],
      ['snapshot', undefined],
    ])
  })
})

test('what a build has left is shown, and removed when its time is over, by tags alone', { timeout: 120_000 }, () =>
  commandLine(definition("{ name: 'cow', regions: ['eu-west-1'] }", 'expireAfter: 1,'), {}, async ({ folder, imago, emulator }) => {
    emulator.faults.inject({ type: 'image-failed', operation: 'CopyImage' })
    expect((await imago(['build', '--on-error', 'abort'])).code).toBe(1)
    const left = emulator.leftovers()
    expect(left.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['image', 'snapshot', 'security-group']))
    await rm(join(folder, '.imago'), { recursive: true })

    const sweep = ['sweep', '--aws', '--region', 'us-west-2,eu-west-1', '--expired']
    const dry = await imago([...sweep, '--dry-run'])
    expect(dry).toMatchObject({ code: 0, stderr: '' })
    const lines = dry.stdout.trim().split('\n')
    expect(lines.filter((line) => line.includes('would remove amazon-'))).toHaveLength(left.length)
    expect(emulator.leftovers()).toEqual(left)

    expect(await imago(sweep)).toMatchObject({ code: 0, stderr: '' })
    expect(emulator.leftovers()).toEqual([])
  }),
)
