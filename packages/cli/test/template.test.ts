import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { bundle, project, run } from './command.ts'

beforeAll(bundle, 120_000)

const template = `{
  // a comment
  "variables": { "who": "cow", "said": null, "home": "{{env \`COW_HOME\`}}", "lines": "echo one > lines.txt,echo two >> lines.txt" },
  "sensitive-variables": ["said"],
  "builders": [
    { "type": "null", "name": "first", "communicator": "none" },
    { "type": "null", "name": "second", "communicator": "none" }
  ],
  "provisioners": [
    { "type": "shell-local", "inline": "{{user \`lines\`}}", "only": ["first"] },
    { "type": "shell-local", "inline": ["echo {{user \`who\` | upper}} {{user \`said\`}} {{user \`home\`}} {{build_name}} > {{build_name}}.txt"] },
    { "type": "shell-local", "script": "script.sh", "environment_vars": ["TARGET={{build_name}}-script.txt"],
      "override": { "second": { "environment_vars": ["TARGET=overridden.txt"] } } }
  ],
  "post-processors": [{ "type": "shell-local", "inline": ["echo processed > processed-{{build_name}}.txt"], "except": ["second"] }]
}
`

const files = {
  'template.json': template,
  'script.sh': '#!/bin/sh\necho "$PACKER_BUILD_NAME $PACKER_BUILDER_TYPE" > "$TARGET"\n',
  'values.json': '{ "who": "ox", "said": "correct-horse" }\n',
}

/** What the builds have written. */
async function written(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt')).toSorted()
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)))
}

const results = {
  'first-script.txt': 'first null\n',
  'first.txt': 'COW correct-horse /barn first\n',
  'lines.txt': 'one\ntwo\n',
  'overridden.txt': 'second null\n',
  'processed-first.txt': 'processed\n',
  'second.txt': 'COW correct-horse /barn second\n',
}

const values = ['--var-file', 'values.json', '--var', 'who=cow']

describe('imago build template.json', () => {
  test('runs what it says, with values from a file and the command line, and says no secret', { timeout: 60_000 }, async () => {
    const folder = await project(files)
    const { code, stdout, stderr } = await run(['build', 'template.json', ...values], folder, { COW_HOME: '/barn' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await written(folder)).toEqual(results)
    expect(stdout + stderr).not.toContain('correct-horse')
  })

  test('says which value is missing, and starts nothing', { timeout: 60_000 }, async () => {
    const folder = await project(files)
    const { code, stderr } = await run(['build', 'template.json'], folder)
    expect(code).toBe(2)
    expect(stderr).toContain("template.json:3:32: variables.said: the variable 'said' must be given a value (--var said=…)")
    expect(await written(folder)).toEqual({})
  })

  test('gets what is kept in Vault', { timeout: 60_000 }, async () => {
    const server = createServer((request, response) => {
      const isRight = request.url === '/v1/secret/data/cow' && request.headers['x-vault-token'] === 'a token'
      response.writeHead(isRight ? 200 : 403).end('{"data":{"data":{"password":"battery-staple"}}}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const folder = await project({
      'template.json': JSON.stringify({
        variables: { password: '{{vault `/secret/data/cow` `password`}}' },
        builders: [{ type: 'null', communicator: 'none' }],
        provisioners: [{ type: 'shell-local', inline: ['echo {{user `password`}}; echo {{user `password`}} > password.txt'] }],
      }),
    })
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
    const { code, stdout, stderr } = await run(['build', 'template.json'], folder, { VAULT_ADDR: address, VAULT_TOKEN: 'a token' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await written(folder)).toEqual({ 'password.txt': 'battery-staple\n' })
    expect(stdout).not.toContain('battery-staple')
    const refused = await run(['build', 'template.json'], folder, { VAULT_ADDR: address, VAULT_TOKEN: 'another' })
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('check the token') })
  })
})

describe('imago convert template.json', () => {
  test('writes a file that does the same', { timeout: 60_000 }, async () => {
    const folder = await project(files)
    const converted = await run(['convert', 'template.json'], folder)
    expect(converted.code).toBe(0)
    await writeFile(join(folder, 'image.ts'), converted.stdout)
    const { code, stdout, stderr } = await run(['build', 'image.ts', ...values, '--var', 'home=/barn'], folder)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await written(folder)).toEqual(results)
    expect(stdout).not.toContain('correct-horse')
    const checked = await run(['convert', '--check', 'template.json', ...values], folder, { COW_HOME: '/barn' })
    expect(checked).toMatchObject({ code: 0, stdout: 'template.json and its conversion are the same: 2 builds, 5 steps\n' })
  })
})
