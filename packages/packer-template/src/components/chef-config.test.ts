import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Facts } from '@imago/core'
import { resolveFacts } from '@imago/core'
import type { ChefSoloOptions } from '@imago/provisioner-chef'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { load } from '../../test/load.ts'
import { convertTemplate } from '../index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-chef-config-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

const solo = `cookbook_path [{{.CookbookPaths}}]
{{if .HasRolesPath}}role_path "{{.RolesPath}}"
{{end}}{{if .HasDataBagsPath}}data_bag_path "{{.DataBagsPath}}"
{{end}}chef_license "{{.ChefLicense}}"
ohai.optional_plugins ["{{user \`plugin\`}}"]
`

const client = `chef_server_url "{{.ServerUrl}}"
client_key "{{.ClientKey}}"
{{if ne .ValidationKeyPath ""}}validation_key "{{.ValidationKeyPath}}"
{{end}}{{if eq .PolicyGroup "test"}}log_level :debug
{{end}}node_name "{{.NodeName}}"
`

const facts: Facts = { image: 'image', buildName: 'null', builderType: 'null', runId: 'run' }

function template(provisioner: object): object {
  return {
    variables: { plugin: 'Moo', url: 'https://a' },
    builders: [{ type: 'null', communicator: 'none' }],
    provisioners: [{ skip_install: true, config_template: 'config.rb', ...provisioner }],
  }
}

async function optionsOf(provisioner: object): Promise<ChefSoloOptions & { readonly said: string }> {
  const { image } = await load(template(provisioner), { directory })
  const options = image.provisioners[0]?.options as ChefSoloOptions // of the provisioner that is in the template
  const { config } = options
  const content = typeof config === 'object' ? resolveFacts(config.content, facts) : config
  return { ...options, said: typeof content === 'object' ? content.map((line) => `${line}\n`).join('') : (content ?? '') }
}

test('a file that is no template is read as it is, and so is one that is not there', async () => {
  await writeFile(join(directory, 'config.rb'), 'log_level :info\n')
  const provisioner = { type: 'chef-solo', cookbook_paths: 'cookbooks' }
  expect(await optionsOf(provisioner)).toEqual({ cookbooks: ['cookbooks'], config: 'config.rb', said: 'config.rb' })
  await rm(join(directory, 'config.rb'))
  expect(await optionsOf(provisioner)).toMatchObject({ config: 'config.rb' })
})

test('a template has the paths of what the step brings into the machine', async () => {
  await writeFile(join(directory, 'config.rb'), solo)
  const { said, stagingDirectory } = await optionsOf({
    type: 'chef-solo',
    cookbook_paths: ['a', 'b'],
    remote_cookbook_paths: ['/srv/cookbooks'],
    roles_path: 'roles',
    chef_license: 'accept',
  })
  expect(stagingDirectory).toBe('/tmp/packer-chef-solo')
  expect(said).toBe(`cookbook_path ["/srv/cookbooks","/tmp/packer-chef-solo/cookbooks/0","/tmp/packer-chef-solo/cookbooks/1"]
role_path "/tmp/packer-chef-solo/roles"
chef_license "accept"
ohai.optional_plugins ["Moo"]
`)
})

test('one of a node has its name', async () => {
  await writeFile(join(directory, 'config.rb'), client)
  const provisioner = { type: 'chef-client', server_url: '{{user `url`}}', validation_key_path: 'key.pem', staging_directory: '/tmp/chef' }
  expect(await optionsOf(provisioner)).toMatchObject({
    stagingDirectory: '/tmp/chef',
    said: 'chef_server_url "https://a"\nclient_key "/tmp/chef/client.pem"\nvalidation_key "/tmp/chef/validation.pem"\nnode_name "imago-run-null"\n',
  })
  const { said } = await optionsOf({
    type: 'chef-client',
    server_url: 'http://b',
    node_name: 'n',
    policy_name: 'p',
    policy_group: 'test',
    client_key: '/k',
  })
  expect(said).toBe('chef_server_url "http://b"\nclient_key "/k"\nlog_level :debug\nnode_name "n"\n')
})

test('what is wrong in it is said with its name', async () => {
  await writeFile(join(directory, 'config.rb'), 'a {{if}}')
  await expect(optionsOf({ type: 'chef-solo' })).rejects.toThrow(/config\.rb:1:1: .*config_template: /)
})

test('variables in it follow into code', async () => {
  await writeFile(join(directory, 'config.rb'), solo)
  const file = { path: 'template.json', text: JSON.stringify(template({ type: 'chef-solo', cookbook_paths: 'cookbooks' })) }
  const { code } = await convertTemplate(file, { directory })
  expect(code).toMatch(
    /content: \[\s+'cookbook_path \["\/tmp\/packer-chef-solo\/cookbooks\/0"\]',\s.*`ohai\.optional_plugins \["\$\{p\.plugin\}"\]`,\s+\]/s,
  )
  expect(code).toContain("stagingDirectory: '/tmp/packer-chef-solo'")
})
