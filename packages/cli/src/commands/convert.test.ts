import { plan, resolveParameters, validate } from '@imago/core'
import { expect, test } from 'vitest'

import { fakeHost } from '../../test/fake-host.ts'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { moduleLoader } from '../import-module.ts'
import { main } from '../main.ts'

const template = `{
  // a comment
  "variables": { "version": "1.0", "region": null },
  "builders": [
    { "type": "null", "communicator": "none" },
    { "type": "vmware-iso", "name": "vm", "iso_md5": "abc" },
  ],
  "provisioners": [{ "type": "shell-local", "inline": ["echo {{user \`version\`}} {{user \`region\`}} {{user \`other\`}}"] }]
}
`

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function imago(
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const cwd = await temporaryFolder({ 'web.json': template, ...files })
  const host = fakeHost({
    cwd,
    environment: { packerVariables: env },
    core: { plan, validate, resolveParameters },
    modules: moduleLoader(cwd),
  })
  const code = await main(args, host)
  return { code, stdout: host.stdout.text, stderr: host.stderr.text.replaceAll(cwd, '.') }
}

test('a template is written as TypeScript, and what there is not yet is told', async () => {
  const { code, stdout, stderr } = await imago(['convert', 'web.json'])
  expect(code).toBe(0)
  expect(stdout).toMatchInlineSnapshot(`
    "// Converted from web.json by imago convert.

    import { nullBuilder } from '@imago/builder-null'
    import { defineImage, parameterized } from '@imago/core'
    import { shellLocal } from '@imago/provisioner-shell'
    import { z } from 'zod'

    const parameters = z.object({
      version: z.string().default('1.0'),
      region: z.string(),
      other: z.string().default(''),
    })

    export default parameterized(parameters, (p) =>
      defineImage({
        name: 'web',
        builders: {
          null: nullBuilder({ communicator: 'none' }),
          // vm: there is no builder 'vmware-iso' yet; it was: {"iso_checksum":"md5:abc"}
        },
        provisioners: [shellLocal({ inline: [\`echo \${p.version} \${p.region} \${p.other}\`] })],
      }),
    )
    "
  `)
  expect(stderr.split('\n')).toEqual([
    "warning: web.json:6:43: builders[1].iso_md5: 'iso_md5' is outdated: iso_checksum is 'md5:…' now",
    "warning: web.json:8:56: provisioners[0].inline[0]: the variable 'other' is not declared and has no value: it is empty (known: version, region)",
    "warning: web.json:6:5: builders[1]: there is no builder 'vmware-iso' yet",
    'it needs: npm install --save-dev @imago/cli @imago/builder-null @imago/core @imago/provisioner-shell zod',
    '',
  ])
})

test('a conversion that asks for the environment needs the types of Node.js', async () => {
  const text = '{"variables":{"a":"{{env `A`}}"},"builders":[{"type":"null","communicator":"none","name":"{{user `a`}}x"}]}'
  const { stdout, stderr } = await imago(['convert', 'env.json'], { 'env.json': text })
  expect(stdout).toContain("process.env['A']")
  expect(stderr).toContain(' zod @types/node\n')
})

test('a conversion is compared with its template', async () => {
  const { code, stdout } = await imago(['convert', '--check', 'web.json', '--var', 'version=2.0'])
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'web.json and its conversion are the same: 1 build, 1 step\n' })
})

test('a template is inspected', async () => {
  const { code, stdout } = await imago(['inspect', 'web.json'])
  expect(code).toBe(0)
  expect(stdout).toMatchInlineSnapshot(`
    "web

    variables:
      version "1.0"
      region required

    builds:
      null (null)
      vm (vmware-iso) (not there yet)

    provisioners:
      shell-local: echo 1.0 region 
    "
  `)
  expect(JSON.parse((await imago(['inspect', '--json', 'web.json'])).stdout)).toMatchObject({
    name: 'web',
    builds: [{ name: 'null' }, { name: 'vm' }],
  })
})

test('builders that there are not yet are told at once; the others can be planned without them', async () => {
  const refused = await imago(['plan', 'web.json', '--var', 'region=eu'])
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain(
    "imago: web.json needs what there is not yet:\n  web.json:6:5: builders[1]: there is no builder 'vmware-iso' yet\n  hint: --only null leaves it out",
  )
  for (const selection of [
    ['--only', 'null'],
    ['--except', 'vm'],
    ['--except', 'v*'],
  ]) {
    const { code, stdout } = await imago(['plan', 'web.json', ...selection], {}, { region: 'eu' })
    expect(code).toBe(0)
    expect(stdout).toBe('web\n└─ null (null) → none\n   └─ shell-local: echo 1.0 eu\n')
  }
  const unknown = await imago(['plan', 'web.json', '--only', 'nul', '--var', 'region=eu'])
  expect(unknown).toMatchObject({ code: 2, stdout: '' })
  expect(unknown.stderr).toContain("no build is called 'nul' (did you mean 'null'?)")
})

test('variables come from --var, --var-file and the environment, in that order', async () => {
  const files = { 'one.json': '{ "region": "one", /* comment */ "version": "1.1" }', 'two.json': '{ "region": "two" }' }
  const stdout = async (...args: readonly string[]): Promise<string> =>
    (await imago(['plan', 'web.json', '--only', 'null', ...args], files, { region: 'environment', other: 'x' })).stdout
  expect(await stdout()).toContain('echo 1.0 environment x')
  expect(await stdout('--var-file', 'one.json', '--var-file', 'two.json')).toContain('echo 1.1 two x')
  expect(await stdout('--var-file', 'one.json', '--var', 'region=given')).toContain('echo 1.1 given x')
})

test('problems name file, line and column', async () => {
  const { code, stderr } = await imago(['validate', 'bad.json'], {
    'bad.json': '{\n  "builders": [{ "type": "null", "ssh_hots": "a" }]\n}',
  })
  expect(code).toBe(2)
  expect(stderr).toBe(
    [
      'imago: bad.json has 3 problems:',
      "  bad.json:2:16: builders[0]: 'ssh_host' is missing",
      "  bad.json:2:16: builders[0]: 'ssh_username' is missing",
      "  bad.json:2:34: builders[0].ssh_hots: unknown option 'ssh_hots' (did you mean 'ssh_host'?)",
      '',
    ].join('\n'),
  )
})

test('leniency makes warnings of what Packer refuses', async () => {
  const files = { 'old.json': '{ "builders": [{ "type": "null", "communicator": "none" }], "post-provisioner": [] }' }
  expect((await imago(['plan', 'old.json'], files)).code).toBe(2)
  const { code, stderr } = await imago(['plan', 'old.json', '--lenient'], files)
  expect(code).toBe(0)
  expect(stderr).toContain("warning: old.json:1:61: post-provisioner: unknown part of a template 'post-provisioner' (known: ")
})

test.for([
  [['convert'], 'name a template of Packer'],
  [['convert', 'image.ts'], "'image.ts' is no template of Packer"],
  [['inspect', 'a.json', 'b.json'], "'b.json' is a second one"],
  [['build', 'missing.json'], "'missing.json' cannot be read"],
] as const)('%j is refused', async ([args, message]) => {
  const { code, stderr } = await imago(args)
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})
