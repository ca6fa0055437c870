import type { Facts } from '@imago/core'
import { isSecret, reveal } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { builderOptions, load } from '../../../test/load.ts'

const base = { type: 'amazon-ebs', source_ami: 'ami-0123456789abcdef0', instance_type: 't3.micro', ssh_username: 'admin', ami_name: 'cow' }
const plain = {
  sourceAmi: 'ami-0123456789abcdef0',
  instanceType: 't3.micro',
  launch: { metadata: { tokens: 'optional' } },
  connect: { user: 'admin' },
  ami: { name: 'cow' },
}
const variables = { empty: '', size: '20', price: 'auto', yes: 'true', cidr: '192.0.2.0/24', interface: 'private_ip' }

function without(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

test('what a template does not say is what it is in Packer', async () => {
  expect(await builderOptions(base)).toEqual(plain)
})

const ami = (options: object): object => ({ ami: { name: 'cow', ...options } })
const launch = (options: object): object => ({ launch: { ...options, metadata: { tokens: 'optional' } } })

test.for<[options: object, expected: object]>([
  // access
  [
    { region: 'eu-west-1', profile: 'cows' },
    { region: 'eu-west-1', access: { profile: 'cows' } },
  ],
  [{ access_key: '{{user `empty`}}', secret_key: '{{user `empty`}}' }, {}],
  [{ skip_metadata_api_check: true, max_retries: 5 }, { access: { instanceMetadata: false, maxAttempts: 5 } }],
  [
    { assume_role: { role_arn: 'arn:aws:iam::123456789012:role/r', duration_seconds: 900, session_name: 'cow' } },
    { access: { assumeRole: { roleArn: 'arn:aws:iam::123456789012:role/r', duration: '900s', sessionName: 'cow' } } },
  ],
  [{ vault_aws_engine: { name: 'r', engine_name: 'aws' } }, { access: { vault: { role: 'r', engine: 'aws' } } }],
  [{ aws_polling: { delay_seconds: 30, max_attempts: 50 } }, { polling: { interval: '30s', timeout: '1500s', imageTimeout: '1500s' } }],
  // where to start
  [
    { source_ami: undefined, source_ami_filter: { filters: { name: 'debian-*' }, owners: ['136693071363'] } },
    { sourceAmi: { filters: { name: 'debian-*' }, owners: ['136693071363'], mostRecent: false } },
  ],
  [
    { source_ami: '{{user `empty`}}', source_ami_filter: { filters: { name: 'debian-*' }, owners: '136693071363', most_recent: true } },
    { sourceAmi: { filters: { name: 'debian-*' }, owners: ['136693071363'], mostRecent: true } },
  ],
  // spot
  [{ spot_price: '0.05' }, { spot: { maxPrice: '0.05' } }],
  [{ spot_price: 'auto', spot_tags: { a: 'b' } }, { spot: { tags: { a: 'b' } } }],
  [{ spot_price: '{{user `price`}}' }, { spot: {} }],
  [{ spot_price: '0' }, {}],
  [{ spot_price: '{{user `empty`}}' }, {}],
  [
    { instance_type: undefined, spot_price: 'auto', spot_instance_types: ['t3.micro', 't3a.micro'] },
    { instanceType: ['t3.micro', 't3a.micro'], spot: {} },
  ],
  // network
  [
    { vpc_id: 'vpc-01234567', subnet_id: 'subnet-01234567', associate_public_ip_address: 'true' },
    { network: { vpc: 'vpc-01234567', subnet: 'subnet-01234567', publicIp: true } },
  ],
  [{ security_group_id: 'sg-01234567' }, { network: { securityGroups: ['sg-01234567'] } }],
  [{ security_group_id: '{{user `empty`}}' }, {}],
  [
    { security_group_id: '{{user `empty`}}', temporary_security_group_source_cidrs: '{{user `cidr`}}' },
    { network: { allowFrom: ['192.0.2.0/24'] } },
  ],
  [
    { security_group_ids: ['sg-01234567'], temporary_security_group_source_cidrs: ['192.0.2.0/24'] },
    { network: { securityGroups: ['sg-01234567'] } },
  ],
  [{ temporary_security_group_source_public_ip: true }, { network: { allowFrom: 'caller' } }],
  [
    { subnet_filter: { filters: { 'tag:a': 'b' }, random: true }, vpc_filter: { filters: { 'tag:c': 'd' } } },
    { network: { vpc: { filters: { 'tag:c': 'd' } }, subnet: { filters: { 'tag:a': 'b' }, pick: 'random' } } },
  ],
  // launch
  [{ user_data: '#!/bin/sh', iam_instance_profile: 'p' }, launch({ userData: '#!/bin/sh', instanceProfile: 'p' })],
  [{ user_data_file: 'boot.sh' }, launch({ userData: { file: 'boot.sh' } })],
  [{ disable_stop_instance: true, shutdown_behavior: 'stop' }, launch({ stop: 'from-inside', shutdownBehavior: 'stop' })],
  [{ run_tags: { a: '' }, run_tag: [{ key: 'b', value: 'c' }] }, launch({ tags: { a: '', b: 'c' } })],
  [
    { launch_block_device_mappings: [{ device_name: '/dev/xvda', volume_size: '{{user `size`}}', volume_type: 'gp3' }] },
    launch({ blockDevices: [{ device: '/dev/xvda', size: 20, type: 'gp3', deleteOnTermination: false }] }),
  ],
  [
    { metadata_options: { http_tokens: 'required', http_put_response_hop_limit: 2 } },
    { launch: { metadata: { tokens: 'required', hopLimit: 2 } } },
  ],
  [
    { license_specifications: [{ license_configuration_request: { license_configuration_arn: 'arn:aws:x:y' } }] },
    launch({ licenses: ['arn:aws:x:y'] }),
  ],
  [
    { capacity_reservation_preference: 'open', tenancy: 'dedicated' },
    launch({ capacityReservation: 'open', placement: { tenancy: 'dedicated' } }),
  ],
  // the way in
  [{ ssh_interface: 'private_ip', ssh_port: 2222 }, { connect: { user: 'admin', address: 'private-ip', port: 2222 } }],
  [{ ssh_interface: '{{user `interface`}}' }, { connect: { user: 'admin', address: 'private-ip' } }],
  [
    { ssh_interface: 'session_manager', session_manager_port: 8022, pause_before_ssm: '5s' },
    { connect: { user: 'admin', address: 'session-manager', sessionManager: { port: 8022, pauseBefore: '5s' } } },
  ],
  [{ ssh_keypair_name: 'k', ssh_private_key_file: 'k.pem' }, { connect: { user: 'admin', key: { file: 'k.pem' }, keyPair: 'k' } }],
  [{ communicator: 'none', ssh_username: undefined }, { connect: { communicator: 'none' } }],
  // the AMI
  [
    { ami_description: 'd', tags: { a: 'b' }, snapshot_tags: { c: 'd' } },
    ami({ description: 'd', tags: { a: 'b' }, snapshotTags: { c: 'd' } }),
  ],
  [{ ami_regions: 'eu-west-2,eu-west-3' }, ami({ regions: ['eu-west-2', 'eu-west-3'] })],
  [
    { encrypt_boot: true, ami_regions: ['eu-west-2', 'eu-west-3'], region_kms_key_ids: { 'eu-west-2': 'alias/k', 'eu-west-3': '' } },
    ami({ encrypt: true, regions: { 'eu-west-2': { kmsKey: 'alias/k' }, 'eu-west-3': {} } }),
  ],
  [{ encrypt_boot: 'true', kms_key_id: 'alias/k' }, ami({ encrypt: true, kmsKey: 'alias/k' })],
  [{ encrypt_boot: '{{user `empty`}}', ena_support: '' }, {}],
  [{ encrypt_boot: false }, ami({ encrypt: false })],
  [{ ami_users: '{{user `empty`}}', snapshot_groups: ['all'] }, ami({ shareSnapshotsWith: { everybody: true } })],
  [{ ami_users: ['123456789012'], ami_groups: ['all'] }, ami({ shareWith: { accounts: ['123456789012'], everybody: true } })],
  [{ sriov_support: true, ena_support: true, imds_support: 'v2.0' }, ami({ sriovNetSupport: true, enaSupport: true, imdsSupport: 'v2.0' })],
  [{ deregistration_protection: { enabled: true, with_cooldown: true } }, ami({ deregistrationProtection: { cooldown: true } })],
  [{ deregistration_protection: { enabled: true } }, ami({ deregistrationProtection: true })],
  [
    {
      fast_launch: {
        enable_fast_launch: true,
        target_resource_count: 3,
        template_id: 'lt-1',
        region_launch_templates: [{ region: 'eu-west-2', template_name: 'n' }],
      },
    },
    ami({ fastLaunch: { ready: 3, template: { template: 'lt-1' }, regionTemplates: { 'eu-west-2': { template: 'n' } } } }),
  ],
  [
    {
      ami_block_device_mappings: [
        { device_name: '/dev/sdb', virtual_name: 'ephemeral0' },
        { device_name: '/dev/sdc', no_device: true },
      ],
    },
    ami({
      blockDevices: [
        { device: '/dev/sdb', ephemeral: 'ephemeral0' },
        { device: '/dev/sdc', none: true },
      ],
    }),
  ],
  [{ force_deregister: true, force_delete_snapshot: true }, ami({ forceDeregister: true, forceDeleteSnapshots: true })],
  [{ skip_create_ami: true }, { ami: false }],
])('%j', async ([options, expected]) => {
  const made = await builderOptions(without({ ...base, ...options }), { variables })
  expect(withoutEmptyNetwork(made)).toEqual(without({ ...plain, ...expected }))
})

/** A network of which everything depends on variables that are empty is there, and says nothing. */
function withoutEmptyNetwork(options: unknown): unknown {
  const { network, ...others } = options as { readonly network?: object } // an object, as the factory has got it
  return network === undefined || Object.keys(network).length === 0 ? others : { ...others, network }
}

test('keys are secrets', async () => {
  const options = await builderOptions({ ...base, access_key: 'AKIAIOSFODNN7EXAMPLE', secret_key: 'wJalrXUtnFEMI' })
  const { keys } = (options as { readonly access: { readonly keys: Readonly<Record<string, unknown>> } }).access // as above
  expect(keys['accessKeyId']).toBe('AKIAIOSFODNN7EXAMPLE')
  const secretKey = keys['secretAccessKey']
  expect(isSecret(secretKey) && reveal(secretKey)).toBe('wJalrXUtnFEMI')
})

test('values of tags may be facts of the build', async () => {
  const options = await builderOptions({ ...base, tags: { base: '{{ .SourceAMIName }} in {{.BuildRegion}}', plain: 'x' } })
  const { tags } = (options as { readonly ami: { readonly tags: { readonly base: (facts: Facts) => string; readonly plain: string } } }).ami
  const facts: Facts = {
    buildName: 'b',
    builderType: 'amazon-ebs',
    runId: 'r',
    image: 'i',
    sourceImageName: 'debian-12',
    buildRegion: 'eu-west-1',
  }
  expect(tags.base(facts)).toBe('debian-12 in eu-west-1')
  expect(tags.plain).toBe('x')
})

test.for<[options: object, message: string]>([
  [{ source_ami: undefined }, "one of 'source_ami' and 'source_ami_filter' is needed"],
  [{ instance_type: undefined }, "one of 'instance_type' and 'spot_instance_types' is needed"],
  [{ ami_name: undefined }, "'ami_name' is missing"],
  [{ ssh_username: undefined }, "'ssh_username' is missing"],
  [{ communicator: 'telnet' }, "there is no counterpart of 'communicator' of 'amazon-ebs' yet"],
  [
    { launch_block_device_mappings: [{ device_name: '/dev/xvda', volume_sise: 8 }] },
    "launch_block_device_mappings[0].volume_sise: unknown option 'volume_sise' (did you mean 'volume_size'?)",
  ],
  [{ source_ami_filter: 'x' }, 'must be an object, not a string'],
  [{ tags: 'x' }, 'must be an object, not a string'],
  [{ ami_name: 'of {{.SourceAMI}}' }, '.SourceAMI is known only while the build runs'],
  [{ user_data: 'x', user_data_file: 'y' }, "'user_data' and 'user_data_file' exclude each other"],
])('%j is refused', async ([options, message]) => {
  await expect(load({ builders: [without({ ...base, ...options })] })).rejects.toThrow(message)
})

describe('other builders', () => {
  test('volumes become an AMI', async () => {
    const options = await builderOptions({
      ...base,
      type: 'amazon-ebssurrogate',
      launch_block_device_mappings: [
        { device_name: '/dev/xvdf', volume_size: 8, delete_on_termination: true },
        { device_name: '/dev/xvdg', volume_size: 1, delete_on_termination: true, omit_from_artifact: true },
      ],
      ami_root_device: { source_device_name: '/dev/xvdf', device_name: '/dev/xvda', volume_type: 'gp3', delete_on_termination: true },
      ami_virtualization_type: 'hvm',
      boot_mode: 'uefi',
    })
    expect(options).toEqual({
      ...plain,
      launch: {
        metadata: { tokens: 'optional' },
        blockDevices: [
          { device: '/dev/xvdf', size: 8, deleteOnTermination: true },
          { device: '/dev/xvdg', size: 1, deleteOnTermination: true },
        ],
      },
      ami: {
        name: 'cow',
        rootDevice: { source: '/dev/xvdf', device: '/dev/xvda', type: 'gp3', deleteOnTermination: true },
        omitDevices: ['/dev/xvdg'],
        virtualizationType: 'hvm',
        bootMode: 'uefi',
      },
    })
  })

  test('volumes stay', async () => {
    const { ami_name: _name, ...instance } = base
    const options = await builderOptions({
      ...instance,
      type: 'amazon-ebsvolume',
      ebs_volumes: [
        { device_name: '/dev/xvdf', volume_size: 8, tags: { a: 'b' }, snapshot_volume: true, snapshot_users: ['123456789012'] },
      ],
    })
    const { ami: _ami, ...others } = plain
    expect(options).toEqual({
      ...others,
      volumes: [{ device: '/dev/xvdf', size: 8, tags: { a: 'b' }, snapshot: { shareWith: { accounts: ['123456789012'] } } }],
    })
  })

  test('disks are imported', async () => {
    const qemu = { type: 'qemu', iso_url: 'x', iso_checksum: 'none', ssh_username: 'u', format: 'raw' }
    const step = {
      type: 'amazon-import',
      s3_bucket_name: 'cows',
      region: 'eu-west-1',
      format: 'raw',
      ami_name: 'cow',
      tags: { a: 'b' },
      license_type: 'BYOL',
    }
    const { image } = await load({ builders: [qemu], 'post-processors': [step] })
    expect(image.postProcessors[0]?.[0]?.options).toEqual({
      bucket: 'cows',
      region: 'eu-west-1',
      format: 'raw',
      licenseType: 'BYOL',
      ami: { name: 'cow', tags: { a: 'b' } },
    })
  })
})

test('that ENA is off is left out of an image of a spot instance, which AWS does not stop', async () => {
  const { image, warnings } = await load({ builders: [{ ...base, spot_price: 'auto', ena_support: 'false' }] })
  expect(Object.values(image.builders)[0]?.options).not.toHaveProperty('ami.enaSupport')
  expect(warnings.map(({ message }) => message)).toEqual([
    'an instance of a spot request cannot be stopped to turn it off: it stays as it is',
  ])
  await expect(load({ builders: [{ ...base, spot_price: 'auto', ena_support: true }] })).rejects.toThrow("cannot stand beside 'spot'")
})
