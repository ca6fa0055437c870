import { secret } from '@imago/core'
import { planOf } from '@imago/testing'
import { defineImage } from '@imago/core'
import { expect, test } from 'vitest'

import { amazonEbs } from './amazon-ebs.ts'
import type { AmazonEbsOptions } from './amazon-ebs-options.ts'

const right = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  ami: { name: 'cow-{timestamp}' },
} as const satisfies AmazonEbsOptions

const messages = (changes: object): readonly string[] => {
  const options: AmazonEbsOptions = Object.assign({}, right, changes)
  return (amazonEbs(options).validate?.() ?? []).map(
    ({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )
}
const kmsKey = 'arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000'
const irishKey = kmsKey.replace('us-west-2', 'eu-west-1')
const soon = new Date(Date.now() + 86_400_000).toISOString()

test('right options have no problem', () => {
  expect(messages({})).toEqual([])
  expect(messages({ region: undefined, sourceAmi: 'ami-0123456789abcdef0', ami: false })).toEqual([])
  expect(
    messages({
      sourceAmi: { parameter: '/aws/service/debian/release/12/latest/amd64' },
      instanceType: ['t3.small', 'm7i-flex.large'],
      spot: { maxPrice: '0.05', allocation: 'lowest-price', tags: { a: 'b' } },
      access: {
        profile: 'build',
        mfaCode: secret('123456'),
        assumeRole: { roleArn: 'arn:aws:iam::123456789012:role/build', duration: '30m', externalId: 'x' },
      },
      network: {
        vpc: { filters: { 'tag:Name': 'build' } },
        subnet: { filters: { 'tag:tier': ['a', 'b'] }, pick: 'random' },
        availabilityZone: 'us-west-2b',
        publicIp: true,
        allowFrom: ['192.0.2.0/24', '2001:db8::/32'],
      },
      launch: {
        userData: { file: 'user-data.yaml' },
        instanceProfile: { policy: { Version: '2012-10-17', Statement: [] } },
        placement: { tenancy: 'host', hostId: 'h-0123456789abcdef0' },
        capacityReservation: { id: 'cr-0123456789abcdef0' },
        metadata: { hopLimit: 2, tags: true },
        blockDevices: [
          { device: '/dev/xvda', size: 20, type: 'gp3', iops: 4000, throughput: 250 },
          { device: '/dev/sdf', none: true },
          { device: '/dev/sdg', ephemeral: 'ephemeral0' },
        ],
        tags: { team: 'cows', base: (facts: { sourceImage?: string }) => facts.sourceImage ?? '' },
      },
      connect: { user: 'admin', address: 'private-ip', key: { file: 'key' }, keyPair: 'mine', bastions: [{ host: 'bastion' }] },
      polling: { interval: '1s', timeout: '5m', imageTimeout: '1h' },
      ami: {
        name: 'cow-{datetime}',
        description: 'a cow',
        tags: { team: 'cows' },
        regions: { 'eu-west-1': { kmsKey: irishKey }, 'us-west-2': {} },
        encrypt: true,
        kmsKey,
        shareWith: { accounts: ['210987654321'], organizations: ['arn:aws:organizations::123456789012:organization/o-123456'] },
        deprecateAfter: '180d',
        deregistrationProtection: { cooldown: true },
        fastLaunch: { parallel: 6, template: { template: 'lt-0123456789' } },
        imdsSupport: 'v2.0',
        snapshotCopyMinutes: 30,
        forceDeregister: true,
        forceDeleteSnapshots: true,
      },
    }),
  ).toEqual([])
})

test('a name that AWS would refuse is named', () => {
  expect(messages({ ami: { name: 'no' } })).toEqual(['ami.name: must be 3 to 128 characters, not "no"'])
  expect(messages({ ami: { name: 'cow:1' } })).toEqual([
    `ami.name: must hold letters, digits and ()[] ./-'@_ only, and ':' is none of them, not "cow:1"`,
  ])
  expect(messages({ ami: { name: 'cow-{timestmp}' } })).toEqual([
    `ami.name: '{timestmp}' stands for nothing (did you mean 'timestamp'?), not "cow-{timestmp}"`,
  ])
  expect(messages({ ami: {} })).toEqual(['ami.name: is required'])
  expect(messages({ ami: undefined })).toEqual(['ami: is required'])
})

test('wrong options are named, all at once', () => {
  expect(
    messages({
      region: 'us_west',
      sourceAmi: 'debian',
      instanceType: 'small',
      spot: { maxPrice: '0' },
      network: { vpc: 'vpc', subnets: 'x', allowFrom: ['192.0.2.7'] },
      launch: { userDate: 'x', capacityReservation: { id: 'x' }, tags: { 'aws:x': '1', 'imago.run': '2' } },
      connect: { communicator: 'telnet' },
      ami: {
        name: 'cow',
        regions: ['nowhere'],
        deprecateAfter: '180',
        deprecateAt: '2020-01-01T00:00:00Z',
        shareWith: { accounts: ['me'] },
      },
    }),
  ).toMatchInlineSnapshot(`
    [
      "region: must be a region such as 'eu-west-1', not "us_west"",
      "sourceAmi: must be an id such as 'ami-0123456789abcdef0', not "debian"",
      "instanceType: must be an instance type such as 't3.small', not "small"",
      "network.vpc: must be an id such as 'vpc-0123456789abcdef0', not "vpc"",
      "network.allowFrom.0: must be addresses in CIDR notation, such as '192.0.2.0/24', not "192.0.2.7"",
      "network.subnets: unknown option 'subnets' (did you mean 'subnet'?)",
      "launch.capacityReservation.id: must be a reservation's id, such as 'cr-0123456789abcdef0', not "x"",
      "launch.tags.aws:x: the key 'aws:x' begins with 'aws:', which AWS keeps for itself",
      "launch.tags.imago.run: the key 'imago.run' begins with 'imago.', which marks what a build owns",
      "launch.userDate: unknown option 'userDate' (did you mean 'userData'?)",
      "connect.communicator: must be 'ssh' or 'winrm' or 'none', not "telnet"",
      "spot.maxPrice: must be dollars for an hour, such as '0.05', not "0"",
      "ami.regions.0: must be a region such as 'eu-west-1', not "nowhere"",
      "ami.shareWith.accounts.0: must be an account id of 12 digits, not "me"",
      "ami.deprecateAt: must be a time to come, such as 2030-01-31T00:00:00Z, not "2020-01-01T00:00:00Z"",
      "ami.deprecateAfter: must be days, such as '180d', not "180"",
    ]
  `)
})

test('options that exclude each other are named', () => {
  expect(
    messages({
      access: { profile: 'a', keys: { accessKeyId: 'a', secretAccessKey: 'b' }, vault: { role: 'c' } },
      network: { availabilityZone: 'eu-west-1a', securityGroups: ['sg-01234567'], allowFrom: ['192.0.2.0/24'] },
      spot: {},
      launch: {
        stop: 'from-inside',
        shutdownBehavior: 'terminate',
        placement: { hostId: 'h-0123456789abcdef0', hostResourceGroup: 'arn:aws:resource-groups:eu-west-1:123456789012:group/x' },
        metadata: { enabled: false, tags: true },
        blockDevices: [
          { device: '/dev/sdf', type: 'gp2', iops: 3000 },
          { device: '/dev/sdf', type: 'io2', size: 1, iops: 2000 },
          { device: '/dev/sdg', kmsKey },
        ],
      },
      connect: { keyPair: 'mine', windowsPassword: true, keyType: 'ed25519', password: 'x', sessionManager: {} },
      ami: { name: 'cow', deprecateAfter: '1d', deprecateAt: soon, skipBuildRegion: true, forceDeleteSnapshots: true },
    }),
  ).toMatchInlineSnapshot(`
    [
      "access.keys: cannot stand beside 'profile' (keys come from one place)",
      "access.vault: cannot stand beside 'profile' (keys come from one place)",
      "network.availabilityZone: 'eu-west-1a' is not in the region 'us-west-2'",
      "network.allowFrom: cannot stand beside 'securityGroups'",
      "launch.blockDevices.0.iops: is for volumes of type io1, io2 and gp3, not gp2",
      "launch.blockDevices.1.device: '/dev/sdf' stands there twice",
      "launch.blockDevices.1.iops: 2000 is more than the 1000 that io2 allows for 1 GiB",
      "launch.blockDevices.2.kmsKey: needs 'encrypted: true' beside it",
      "launch.placement.hostResourceGroup: cannot stand beside 'hostId'",
      "launch.shutdownBehavior: cannot be 'terminate' beside stop: 'from-inside': there would be nothing left to make an AMI of",
      "launch.metadata.tags: needs the metadata service, and 'enabled' is false",
      "connect.keyPair: needs its private key, 'key', to read the password",
      "connect.keyType: is for the key pair of the build, and none is made",
      "connect.keyType: must be 'rsa' for Windows, which encrypts its password with it",
      "connect.password: cannot stand beside 'windowsPassword'",
      "connect.sessionManager: needs address: 'session-manager'",
      "launch.stop: cannot be 'from-inside' beside 'spot': AWS ends a spot instance that stops",
      "ami.deprecateAfter: cannot stand beside 'deprecateAt'",
      "ami.skipBuildRegion: needs other regions in 'regions'",
      "ami.forceDeleteSnapshots: needs 'forceDeregister: true' beside it",
    ]
  `)
})

test('the options of WinRM', () => {
  const winrm = { communicator: 'winrm' } as const
  expect(messages({ connect: winrm })).toEqual([])
  expect(
    messages({ connect: { ...winrm, password: secret('word'), tls: { insecure: true }, auth: 'ntlm', port: 15_986, host: 'a' } }),
  ).toEqual([])
  expect(messages({ connect: { ...winrm, keyPair: 'mine', key: { file: 'key.pem' }, windowsPassword: { timeout: '1h' } } })).toEqual([])
  expect(
    messages({ connect: { ...winrm, password: 'x', windowsPassword: {}, key: { file: 'k' }, address: 'session-manager', keyType: 'rsa' } }),
  ).toMatchInlineSnapshot(`
    [
      "connect.address: must be 'public-ip' or 'private-ip' or 'public-dns' or 'private-dns' or 'ipv6', not "session-manager"",
      "connect.keyType: unknown option 'keyType' (known: user, password, tls, auth, timeout, pauseBeforeConnecting, loginAttempts, communicator, windowsPassword, port, host, address, keyPair, key)",
    ]
  `)
  expect(messages({ connect: { ...winrm, keyPair: 'mine' } })).toEqual([
    "connect.keyPair: needs its private key, 'key', to read the password",
  ])
  expect(
    amazonEbs({ ...right, connect: { ...winrm, tls: { ca: 'ca.pem' }, keyPair: 'mine', key: { file: 'key.pem' } } }).inputs?.(),
  ).toEqual([
    { path: 'ca.pem', at: ['connect', 'tls', 'ca'], kind: 'file' },
    { path: 'key.pem', at: ['connect', 'key', 'file'], kind: 'file' },
  ])
})

test('a public address is not asked of an instance that is to have none', () => {
  const network = { publicIp: false }
  expect(messages({ network, connect: { address: 'public-dns' } })).toEqual([
    "connect.address: cannot be 'public-dns' beside network.publicIp: false",
  ])
  expect(messages({ network, connect: { address: 'public-ip', host: 'bastion' } })).toEqual([])
  expect(messages({ network, connect: { address: 'private-ip' } })).toEqual([])
})

test('a key needs encryption, and sharing needs a key', () => {
  expect(messages({ ami: { name: 'cow', kmsKey, regions: { 'eu-west-1': { kmsKey: irishKey } } } })).toMatchInlineSnapshot(`
    [
      "ami.kmsKey: needs 'encrypt: true' beside it",
      "ami.regions.eu-west-1.kmsKey: needs 'encrypt: true' in 'ami'",
    ]
  `)
  expect(
    messages({ ami: { name: 'cow', encrypt: true, regions: ['eu-west-1'], shareWith: { accounts: ['210987654321'], everybody: true } } }),
  ).toMatchInlineSnapshot(`
    [
      "ami.shareWith.everybody: cannot stand beside encrypt: true: AWS shares no encrypted image with everybody",
      "ami.shareWith: needs a 'kmsKey' beside it: what is encrypted with the account's default key cannot be shared (give the key of a KMS key that those accounts may use)",
      "ami.regions: the copy in 'eu-west-1' would be encrypted with the default key, and cannot be shared (regions: { 'eu-west-1': { kmsKey: '…' } })",
    ]
  `)
})

test('a key is used where it is', () => {
  const launch = { blockDevices: [{ device: '/dev/sdf', size: 1, encrypted: true, kmsKey: irishKey }] }
  expect(messages({ launch, ami: { name: 'cow', encrypt: true, kmsKey: irishKey, regions: { 'eu-west-1': { kmsKey } } } })).toEqual([
    'ami.kmsKey: is a key of eu-west-1, and is used in us-west-2 (give a key of that region)',
    'ami.regions.eu-west-1.kmsKey: is a key of us-west-2, and is used in eu-west-1 (give a key of that region)',
    'launch.blockDevices.0.kmsKey: is a key of eu-west-1, and is used in us-west-2 (give a key of that region)',
  ])
  expect(messages({ launch, ami: false })).toEqual([
    'launch.blockDevices.0.kmsKey: is a key of eu-west-1, and is used in us-west-2 (give a key of that region)',
  ])
})

test("what a key of Amazon's encrypts is not shared", () => {
  const shareWith = { accounts: ['210987654321'] }
  const hint = '(give a key of your own that those accounts may use)'
  const regions = { 'eu-west-1': { kmsKey: 'arn:aws:kms:eu-west-1:123456789012:alias/aws/ebs' } }
  expect(messages({ ami: { name: 'cow', encrypt: true, kmsKey: 'alias/aws/ebs', regions, shareWith } })).toEqual([
    `ami.kmsKey: 'alias/aws/ebs' is a key that AWS manages, and what is encrypted with it cannot be shared ${hint}`,
    `ami.regions.eu-west-1.kmsKey: 'arn:aws:kms:eu-west-1:123456789012:alias/aws/ebs' is a key that AWS manages, and what is encrypted with it cannot be shared ${hint}`,
  ])
  expect(messages({ ami: { name: 'cow', encrypt: true, kmsKey: 'alias/aws/ebs' } })).toEqual([])
})

test('devices that are encrypted are not shared with the default key', () => {
  const blockDevices = [{ device: '/dev/sdf', size: 1, encrypted: true }]
  const shareWith = { accounts: ['210987654321'] }
  expect(messages({ launch: { blockDevices }, ami: { name: 'cow', shareWith, regions: ['eu-west-1'] } })).toMatchInlineSnapshot(`
    [
      "launch.blockDevices.0.encrypted: needs a 'kmsKey' beside it: what is encrypted with the account's default key cannot be shared, and ami.shareWith does",
      "ami.regions: the copy in 'eu-west-1' would be encrypted with the default key, and cannot be shared (regions: { 'eu-west-1': { kmsKey: '…' } })",
    ]
  `)
  expect(messages({ ami: { name: 'cow', shareSnapshotsWith: { everybody: true }, blockDevices } })).toMatchInlineSnapshot(`
    [
      "ami.shareSnapshotsWith.everybody: cannot stand beside the encrypted device '/dev/sdf': AWS shares no encrypted image with everybody",
      "ami.blockDevices.0.encrypted: what is encrypted with the account's default key cannot be shared, and ami.shareSnapshotsWith does",
    ]
  `)
  expect(messages({ launch: { blockDevices }, ami: { name: 'cow', shareWith, encrypt: true, kmsKey } })).toEqual([])
  const own = [{ ...blockDevices[0], kmsKey }]
  expect(messages({ launch: { blockDevices: own }, ami: { name: 'cow', shareWith } })).toEqual([])
})

test('volumes that the AMI adds take no key, and are what their snapshot is', () => {
  const blockDevices = [
    { device: '/dev/sdf', size: 1, encrypted: true, kmsKey },
    { device: '/dev/sdg', snapshotId: 'snap-0123456789abcdef0', encrypted: true },
  ]
  expect(messages({ ami: { name: 'cow', blockDevices } })).toMatchInlineSnapshot(`
    [
      "ami.blockDevices.0.kmsKey: is for volumes of the instance: AWS takes none for those that the AMI adds (give it to launch.blockDevices, or to ami.kmsKey: a new volume is encrypted with the account's default key)",
      "ami.blockDevices.1.encrypted: cannot stand beside snapshotId: a snapshot keeps what it is",
    ]
  `)
  expect(messages({ launch: { blockDevices }, ami: { name: 'cow' } })).toEqual([])
})

test('what has no meaning together is named', () => {
  expect(messages({ spot: {}, ami: { name: 'cow', enaSupport: false, sriovNetSupport: true } })).toEqual([
    "ami.enaSupport: cannot stand beside 'spot': AWS changes it on a stopped instance only",
    "ami.sriovNetSupport: cannot stand beside 'spot': AWS changes it on a stopped instance only",
  ])
  expect(messages({ ami: { name: 'cow', deprecateAfter: '3651d' } })).toEqual([
    'ami.deprecateAfter: must be 3650 days at most: AWS takes 10 years, not "3651d"',
  ])
  expect(messages({ ami: { name: 'cow', deprecateAt: '2999-01-01T00:00:00Z' } })).toEqual([
    'ami.deprecateAt: must be within the next 10 years, not "2999-01-01T00:00:00Z"',
  ])
  const regionTemplates = { 'eu-west-9': { template: 'x' }, 'eu-west-1': { template: 'y' } }
  expect(messages({ ami: { name: 'cow', regions: ['eu-west-1'], fastLaunch: { regionTemplates } } })).toEqual([
    "ami.fastLaunch.regionTemplates.eu-west-9: the AMI is not in 'eu-west-9'",
  ])
})

test('tags of several options together are no more than AWS allows', () => {
  const some = (name: string, count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, 'x']))
  const changes = {
    spot: { tags: some('s', 2) },
    launch: { tags: some('l', 41), volumeTags: some('v', 2) },
    ami: { name: 'cow', tags: some('a', 1), snapshotTags: some('t', 1) },
  }
  const message = 'make 43 tags with the others that the same things bear, and 42 fit: AWS allows 50, and builds add their own'
  expect(messages(changes)).toEqual([`launch.volumeTags: ${message}`, `spot.tags: ${message}`, `ami.snapshotTags: ${message}`])
  expect(messages({ ...changes, spot: undefined, launch: { tags: some('l', 42) }, ami: { ...changes.ami, skipLaunchTags: true } })).toEqual(
    [],
  )
  expect(messages({ launch: { tags: some('l', 43) } })).toEqual([
    expect.stringMatching(/^launch.tags: must hold 42 tags at most: AWS allows 50, and builds add their own/),
  ])
})

test('the local files are looked for before anything starts', () => {
  const builder = amazonEbs({ ...right, launch: { userData: { file: 'data' } }, connect: { user: 'me', key: { file: 'key' } } })
  expect(builder.inputs?.()).toEqual([
    { path: 'data', at: ['launch', 'userData', 'file'], kind: 'file' },
    { path: 'key', at: ['connect', 'key', 'file'], kind: 'file' },
  ])
})

test('a plan shows the options', () => {
  const image = defineImage({ name: 'cow', builders: { aws: amazonEbs(right) } })
  expect(planOf(image).builds[0]).toMatchObject({ builderType: 'amazon-ebs', makes: { type: 'amazon-ami', files: false }, options: right })
})
