import { expect, test } from 'vitest'

import { convertTemplate } from './index.ts'

const directory = '/work'

function file(template: object): { readonly path: string; readonly text: string } {
  return { path: 'template.json', text: JSON.stringify(template, undefined, 2) }
}

const template = {
  description: 'A web server',
  variables: { release: '12', port: '8080', debug: 'false', patience: '10m', password: null, tag: 'web-{{user `release`}}' },
  'sensitive-variables': ['password'],
  builders: [
    { type: 'docker', name: 'debian', image: 'debian:{{user `release`}}', commit: true, privileged: '{{user `debug`}}' },
    {
      type: 'null',
      name: 'server',
      ssh_host: 'server.example',
      ssh_username: 'root',
      ssh_password: '{{user `password`}}',
      ssh_port: '{{user `port`}}',
      ssh_timeout: '{{user `patience`}}',
    },
    { type: 'hyperv-iso', name: 'box', iso_url: 'x.iso' },
  ],
  provisioners: [
    {
      type: 'shell',
      environment_vars: ['DEBIAN_FRONTEND=noninteractive', 'HTTP_PROXY={{env `http_proxy`}}'].slice(0, 1),
      execute_command: "echo 'vagrant' | {{.Vars}} sudo -S -E sh '{{.Path}}'",
      scripts: ['scripts/one.sh', 'scripts/two.sh'],
    },
    {
      type: 'shell',
      environment_vars: ['DEBIAN_FRONTEND=noninteractive'],
      inline: ['echo {{user `tag` | upper}} {{isotime "2006-01-02"}}'],
      only: ['debian'],
    },
    { type: 'file', source: 'site.conf', destination: '/etc/site.conf', pause_before: '5s' },
    { type: 'windows-update', inline: ['dir'] },
  ],
  'post-processors': [
    [{ type: 'docker-tag', repository: 'example/web', tags: ['{{user `release`}}', 'latest'], only: ['debian'] }, 'docker-push'],
    { type: 'vagrant-cloud', output: 'x.box' },
  ],
}

test('a template becomes what a person would write', async () => {
  const { code, packages, missing } = await convertTemplate(file(template), { directory })
  expect(code).toMatchInlineSnapshot(`
    "// Converted from template.json by imago convert.

    import { docker } from '@imago/builder-docker'
    import { nullBuilder } from '@imago/builder-null'
    import { defineImage, parameterized, secret } from '@imago/core'
    import { dockerPush, dockerTag } from '@imago/post-processor-docker'
    import { file } from '@imago/provisioner-file'
    import { shell } from '@imago/provisioner-shell'
    import { z } from 'zod'

    const now = new Date()
    const [year, month, day] = now.toISOString().split(/\\D/)

    const env = { DEBIAN_FRONTEND: 'noninteractive' }

    const duration = z.templateLiteral([z.number(), z.enum(['ms', 's', 'm', 'h', 'd'])])

    const parameters = z.object({
      release: z.string().default('12'),
      port: z.number().default(8080),
      debug: z.boolean().default(false),
      patience: duration.default('10m'),
      password: z.string(),
      tag: z.string().optional(),
    })

    export default parameterized(parameters, (p) => {
      const tag = p.tag ?? \`web-\${p.release}\`
      return defineImage({
        name: 'template',
        description: 'A web server',
        builders: {
          debian: docker({ image: \`debian:\${p.release}\`, privileged: p.debug, pull: 'always' }),
          server: nullBuilder({
            host: 'server.example',
            port: p.port,
            user: 'root',
            password: secret(p.password),
            timeout: p.patience,
          }),
          // box: there is no builder 'hyperv-iso' yet; it was: {"iso_url":"x.iso"}
        },
        provisioners: [
          shell({
            scripts: ['scripts/one.sh', 'scripts/two.sh'],
            env,
            interpreter: 'sh',
            sudo: { password: secret('vagrant'), preserveEnv: true },
          }),
          shell({
            inline: [\`echo \${tag.toUpperCase()} \${year}-\${month}-\${day}\`],
            env,
            only: ['debian'],
          }),
          file({ source: 'site.conf', destination: '/etc/site.conf', pauseBefore: '5s' }),
          // there is no provisioner 'windows-update' yet; it was: {"inline":["dir"]}
        ],
        postProcessors: [
          [
            dockerTag({ repository: 'example/web', tags: [p.release, 'latest'], only: ['debian'] }),
            dockerPush(),
          ],
          dockerPush({ only: ['server'] }),
          // there is no post-processor 'vagrant-cloud' yet; it was: {"output":"x.box"}
        ],
        secrets: [secret(p.password)],
      })
    })
    "
  `)
  expect(packages).toEqual([
    '@imago/builder-docker',
    '@imago/builder-null',
    '@imago/core',
    '@imago/post-processor-docker',
    '@imago/provisioner-file',
    '@imago/provisioner-shell',
    'zod',
  ])
  expect(missing.map(({ message }) => message)).toEqual([
    "there is no builder 'hyperv-iso' yet",
    "there is no provisioner 'windows-update' yet",
    "there is no post-processor 'vagrant-cloud' yet",
  ])
})

test('commands that mean sudo say so, and groups that several steps have are shared', async () => {
  const commands = [
    "{{.Vars}} sudo sh '{{.Path}}'",
    "sudo sh -c '{{ .Vars }} {{ .Path }}'",
    'sudo {{.Vars}} bash {{.Path}}',
    "su -c '{{.Vars}} {{.Path}}' www",
  ]
  const environment_vars = ['DEBIAN_FRONTEND=noninteractive', 'RELEASE={{user `release`}}']
  const { code } = await convertTemplate(
    file({
      variables: { release: '12' },
      builders: [{ type: 'null', communicator: 'none' }],
      provisioners: commands.map((execute_command) => ({ type: 'shell', inline: ['true'], environment_vars, execute_command })),
    }),
    { directory },
  )
  expect(code.slice(code.indexOf('export default'))).toMatchInlineSnapshot(`
    "export default parameterized(parameters, (p) => {
      const env = { DEBIAN_FRONTEND: 'noninteractive', RELEASE: p.release }
      return defineImage({
        name: 'template',
        builders: { null: nullBuilder({ communicator: 'none' }) },
        provisioners: [
          shell({ inline: ['true'], env, interpreter: 'sh', sudo: true }),
          shell({ inline: ['true'], env, sudo: true }),
          shell({ inline: ['true'], env, interpreter: 'bash', sudo: true }),
          shell({ inline: ['true'], env, wrap: ({ line }) => ['su', '-c', line, 'www'] }),
        ],
      })
    })
    "
  `)
})

test('options of machines follow their variables', async () => {
  const { code } = await convertTemplate(
    file({
      variables: {
        memory: '1024',
        cpus: '2',
        size: '40000',
        sum: '',
        sum_type: 'sha256',
        url: '',
        host: '',
        headless: '',
        acceleration: 'none',
      },
      builders: [
        {
          type: 'qemu',
          iso_url: '{{user `url`}}',
          iso_checksum: '{{user `sum_type`}}:{{user `sum`}}',
          qemuargs: [
            ['-m', '{{user `memory`}}'],
            ['-smp', '{{user `cpus`}}'],
          ],
          disk_size: '{{user `size`}}',
          headless: '{{user `headless`}}',
          accelerator: '{{user `acceleration`}}',
          http_directory: 'http',
          boot_command: ['<tab> ks=http://{{.HTTPIP}}:{{.HTTPPort}}/ks.cfg host={{.Name}}<enter>'],
          ssh_username: 'root',
          ssh_password: 'password',
          ssh_bastion_host: '{{user `host`}}',
          vm_name: 'cow-{{timestamp}}',
        },
      ],
    }),
    { directory },
  )
  expect(code).toMatchInlineSnapshot(`
    "// Converted from template.json by imago convert.

    import { qemu } from '@imago/builder-qemu'
    import type { Accelerator } from '@imago/builder-qemu'
    import { defineImage, parameterized } from '@imago/core'
    import type { Digest } from '@imago/hypervisor'
    import { z } from 'zod'

    const now = new Date()

    const parameters = z.object({
      memory: z.number().default(1024),
      cpus: z.number().default(2),
      size: z.number().default(40000),
      sum: z.string().default(''),
      sum_type: z.string().default('sha256'),
      url: z.string().default(''),
      host: z.string().default(''),
      headless: z.boolean().default(false),
      acceleration: z.string().default('none'),
    })

    export default parameterized(parameters, (p) =>
      defineImage({
        name: 'template',
        builders: {
          qemu: qemu({
            iso: { url: p.url, checksum: \`\${p.sum_type}:\${p.sum}\` as Digest },
            diskSize: \`\${p.size}m\`,
            accelerator: p.acceleration === 'none' ? 'tcg' : (p.acceleration as Accelerator),
            cpus: p.cpus,
            memory: \`\${p.memory}m\`,
            headless: p.headless,
            http: { directory: 'http' },
            boot: {
              command: (facts) => [
                \`<tab> ks=\${facts.httpUrl}/ks.cfg host=cow-\${Math.floor(now.getTime() / 1000)}<enter>\`,
              ],
            },
            ssh: {
              user: 'root',
              password: 'password',
              ...(p.host !== '' && { bastions: [{ host: p.host }] }),
            },
            result: { format: 'qcow2', path: \`output-qemu/cow-\${Math.floor(now.getTime() / 1000)}\` },
          }),
        },
      }),
    )
    "
  `)
})

test('options of instances follow their variables', async () => {
  const { code } = await convertTemplate(
    file({
      variables: { key: '', secret: '', ami: '', type: 'gp3', groups: '', users: '', price: 'auto', encrypt: '', address: '' },
      builders: [
        {
          type: 'amazon-ebs',
          access_key: '{{user `key`}}',
          secret_key: '{{user `secret`}}',
          source_ami: '{{user `ami`}}',
          source_ami_filter: { filters: { name: 'debian-12-amd64-*' }, owners: ['136693071363'], most_recent: true },
          instance_type: 't3.micro',
          spot_price: '{{user `price`}}',
          security_group_id: '{{user `groups`}}',
          ami_users: '{{user `users`}}',
          encrypt_boot: '{{user `encrypt`}}',
          ssh_username: 'admin',
          ssh_interface: '{{user `address`}}',
          ami_name: 'cow {{isotime | clean_resource_name}}',
          tags: { base: '{{.SourceAMIName}}' },
          launch_block_device_mappings: [{ device_name: '/dev/xvda', volume_type: '{{user `type`}}', delete_on_termination: true }],
        },
      ],
    }),
    { directory },
  )
  expect(code).toMatchInlineSnapshot(`
    "// Converted from template.json by imago convert.

    import { amazonEbs } from '@imago/builder-amazon'
    import { defineImage, parameterized, secret } from '@imago/core'
    import { z } from 'zod'

    const now = new Date()
    const [year, month, day, hour, minute, second] = now.toISOString().split(/\\D/)

    const parameters = z.object({
      key: z.string().default(''),
      secret: z.string().default(''),
      ami: z.string().default(''),
      type: z.string().default('gp3'),
      groups: z.string().default(''),
      users: z.string().default(''),
      price: z.string().default('auto'),
      encrypt: z.string().default(''),
      address: z.string().default(''),
    })

    export default parameterized(parameters, (p) =>
      defineImage({
        name: 'template',
        builders: {
          'amazon-ebs': amazonEbs({
            ...(p.key !== '' && {
              access: { keys: { accessKeyId: p.key, secretAccessKey: secret(p.secret) } },
            }),
            sourceAmi:
              p.ami !== ''
                ? p.ami
                : { filters: { name: 'debian-12-amd64-*' }, owners: ['136693071363'], mostRecent: true },
            instanceType: 't3.micro',
            spot: { ...(p.price !== 'auto' && { maxPrice: p.price }) },
            ...(p.groups !== '' && { network: { securityGroups: [p.groups] } }),
            launch: {
              metadata: { tokens: 'optional' },
              blockDevices: [{ device: '/dev/xvda', type: p.type as 'gp3', deleteOnTermination: true }],
            },
            connect: {
              user: 'admin',
              ...(p.address !== '' && { address: p.address.replaceAll('_', '-') as 'private-ip' }),
            },
            ami: {
              name: \`cow \${year}-\${month}-\${day}T\${hour}-\${minute}-\${second}Z\`,
              tags: { base: (facts) => String(facts.sourceImageName ?? '') },
              ...(p.encrypt !== '' && { encrypt: p.encrypt === 'true' }),
              ...(p.users !== '' && { shareWith: { accounts: p.users.split(',') } }),
            },
          }),
        },
      }),
    )
    "
  `)
})
