import type { StructureCase } from './structure-cases.ts'

const sums = { md5: 'd'.repeat(32), sha1: 'a'.repeat(40), sha256: '0'.repeat(64), sha512: 'f'.repeat(128) }

type Options = Readonly<Record<string, unknown>>

function builder(base: Options, options: Options): string {
  const all = Object.fromEntries(Object.entries({ ...base, ...options }).filter(([, value]) => value !== undefined))
  return JSON.stringify({ variables: { empty: '', number: '12', flag: 'true', sum: sums.sha256 }, builders: [all] })
}

const qemu = (options: Options): string =>
  builder({ type: 'qemu', iso_url: 'http://192.0.2.1/x.iso', iso_checksum: 'none', ssh_username: 'u', ssh_password: 'password' }, options)

const login = { ssh_username: 'u', ssh_password: 'password' }

const virtualboxIso = (options: Options): string =>
  builder({ type: 'virtualbox-iso', iso_url: 'http://192.0.2.1/x.iso', iso_checksum: 'none', ...login }, options)

const virtualboxOvf = (options: Options): string =>
  builder({ type: 'virtualbox-ovf', source_path: 'http://192.0.2.1/x.ova', checksum: 'none', ...login }, options)

const virtualboxVm = (options: Options): string => builder({ type: 'virtualbox-vm', vm_name: 'base', ...login }, options)

const ebs = (options: Options): string =>
  builder(
    {
      type: 'amazon-ebs',
      region: 'eu-west-1',
      access_key: 'AKIAIOSFODNN7EXAMPLE',
      secret_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      source_ami: 'ami-0123456789abcdef0',
      instance_type: 't3.micro',
      ssh_username: 'u',
      ami_name: 'cow {{timestamp}}',
    },
    options,
  )

const filter = { filters: { name: 'debian-12-*' }, owners: ['136693071363'] }

const accepted: Readonly<Record<string, string>> = {
  'a machine': qemu({}),
  'a digest': qemu({ iso_checksum: `sha256:${sums.sha256}` }),
  'a digest of a variable': qemu({ iso_checksum: 'sha256:{{user `sum`}}' }),
  'a digest that is a variable': qemu({ iso_checksum: '{{user `sum`}}' }),
  'hex of MD5': qemu({ iso_checksum: sums.md5 }),
  'hex of SHA-1': qemu({ iso_checksum: sums.sha1 }),
  'hex of SHA-512': qemu({ iso_checksum: sums.sha512 }),
  'several mirrors': qemu({ iso_url: undefined, iso_urls: ['http://192.0.2.1/a.iso', 'http://192.0.2.2/a.iso'] }),
  'a disk in megabytes': qemu({ disk_size: 20480 }),
  'a disk in gigabytes': qemu({ disk_size: '20G' }),
  'a disk of a variable': qemu({ disk_size: '{{user `number`}}' }),
  'a disk to start from': qemu({ disk_image: true, skip_resize_disk: true }),
  'memory as a text': qemu({ memory: '1024' }),
  'processors of a variable': qemu({ cpus: '{{user `number`}}' }),
  'no window': qemu({ headless: '{{user `flag`}}' }),
  'a boot command': qemu({
    boot_command: ['<tab> ks=http://{{.HTTPIP}}:{{.HTTPPort}}/ks.cfg<enter>', '<wait10s>{{.Name}}'],
    http_directory: '.',
  }),
  'a boot command as a text': qemu({ boot_command: '<enter>' }),
  'no wait before it': qemu({ boot_wait: '-1s' }),
  'ports of the server': qemu({ http_directory: '.', http_port_min: 8100, http_port_max: 8200 }),
  'arguments for QEMU': qemu({ qemuargs: [['-m', '1024M'], ['-smp', 'cpus=2'], ['-device', 'virtio-net,netdev=user.0'], ['-usb']] }),
  'a raw disk': qemu({ format: 'raw' }),
  'no accelerator': qemu({ accelerator: 'none' }),
  'a SCSI disk': qemu({ disk_interface: 'virtio-scsi' }),
  'no communicator': qemu({ communicator: 'none', ssh_username: undefined, ssh_password: undefined }),
  'a key': qemu({ ssh_password: undefined }),
  'further disks': qemu({ disk_additional_size: ['10G', '20G'] }),
  'a machine of VirtualBox': virtualboxIso({}),
  'its memory as a variable': virtualboxIso({ memory: '{{user `number`}}', cpus: '{{user `number`}}' }),
  'commands of VBoxManage': virtualboxIso({
    vboxmanage: [['modifyvm', '{{.Name}}', '--memory', '{{user `number`}}']],
    vboxmanage_post: [['list', 'vms']],
  }),
  'a command that is a text': virtualboxIso({ vboxmanage: 'list' }),
  'an argument that is a text': qemu({ qemuargs: '-usb' }),
  'a disk at SATA': virtualboxIso({
    hard_drive_interface: 'sata',
    sata_port_count: 3,
    iso_interface: 'sata',
  }),
  'no Guest Additions': virtualboxIso({ guest_additions_mode: 'disable', virtualbox_version_file: '' }),
  'Guest Additions of one version': virtualboxIso({ guest_additions_path: 'x.iso', guest_additions_sha256: sums.sha256 }),
  'nobody logs in to it': virtualboxIso({
    communicator: 'none',
    ssh_username: undefined,
    ssh_password: undefined,
    guest_additions_mode: 'disable',
    virtualbox_version_file: '',
  }),
  'no appliance': virtualboxIso({ skip_export: true, keep_registered: true }),
  'an OVA': virtualboxIso({ format: 'ova', export_opts: ['--manifest'], output_filename: 'x' }),
  'a machine behind a port of one range': virtualboxIso({ ssh_host_port_min: 3000, ssh_host_port_max: 4000 }),
  'a machine of an appliance': virtualboxOvf({ import_flags: ['--vsys', '0'], import_opts: 'keepallmacs' }),
  'a machine that there is': virtualboxVm({ attach_snapshot: 'a', target_snapshot: 'b', force_delete_snapshot: true }),
  'an instance': ebs({}),
  'an instance of a filter': ebs({ source_ami: undefined, source_ami_filter: filter }),
  'an instance of a variable that is empty': ebs({ source_ami: '{{user `empty`}}', source_ami_filter: filter }),
  tags: ebs({ tags: { base: '{{ .SourceAMI }}', region: '{{.BuildRegion}}' }, run_tags: { a: '' } }),
  'block devices': ebs({
    launch_block_device_mappings: [
      { device_name: '/dev/xvda', volume_size: '{{user `number`}}', volume_type: 'gp2', delete_on_termination: true },
    ],
  }),
  'a device that there is not': ebs({ ami_block_device_mappings: [{ device_name: '/dev/sdb', no_device: true }] }),
  'one of its own disks': ebs({ ami_block_device_mappings: [{ device_name: '/dev/sdb', virtual_name: 'ephemeral0' }] }),
  'a spot price': ebs({ spot_price: '0.05' }),
  'any spot price': ebs({ spot_price: 'auto' }),
  'no spot price': ebs({ spot_price: '{{user `empty`}}' }),
  'several instance types': ebs({ instance_type: undefined, spot_price: 'auto', spot_instance_types: ['t3.micro', 't3a.micro'] }),
  'a public address as a text': ebs({ associate_public_ip_address: 'true', encrypt_boot: '{{user `empty`}}' }),
  'regions in one text': ebs({ ami_regions: 'eu-central-1,us-east-1' }),
  'a subnet that is found': ebs({ subnet_filter: { filters: { 'tag:a': 'b' }, most_free: true } }),
  'security groups': ebs({ security_group_ids: ['sg-0123456789abcdef0'] }),
  'who reaches it': ebs({ temporary_security_group_source_cidrs: ['192.0.2.0/24'] }),
  'user data': ebs({ user_data: '#cloud-config' }),
  'an address inside': ebs({ ssh_interface: 'private_ip' }),
  'a terminal': ebs({ ssh_pty: true }),
  'patience for AWS': ebs({ aws_polling: { delay_seconds: 30, max_attempts: 50 } }),
  'a role': ebs({ assume_role: { role_arn: 'arn:aws:iam::123456789012:role/packer', session_name: 'packer' } }),
  'a key of KMS': ebs({ encrypt_boot: true, kms_key_id: 'alias/cows' }),
  'an own policy': ebs({
    temporary_iam_instance_profile_policy_document: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['s3:Get*'], Resource: ['*'] }],
    },
  }),
}

const refused: Readonly<Record<string, string>> = {
  'a machine without a source': qemu({ iso_url: undefined }),
  'two kinds of sources': qemu({ iso_urls: ['http://192.0.2.1/b.iso'] }),
  'a machine without a checksum': qemu({ iso_checksum: undefined }),
  'a checksum that is none': qemu({ iso_checksum: 'sha256:abc' }),
  'a checksum of no length': qemu({ iso_checksum: 'abcdef' }),
  'a disk of no size': qemu({ disk_size: 'large' }),
  'a format that there is not': qemu({ format: 'vhd' }),
  'an accelerator that there is not': qemu({ accelerator: 'turbo' }),
  'a disk at nothing': qemu({ disk_interface: 'scsi-2' }),
  'a machine without a user': qemu({ ssh_username: undefined }),
  'an option that machines have not': qemu({ iso_uri: 'x' }),
  'memory that is a word': qemu({ memory: 'much' }),
  'arguments that are no list': qemu({ qemuargs: { '-m': '1' } }),
  'ports the wrong way round': qemu({ http_directory: '.', http_port_min: 9000, http_port_max: 8000 }),
  'a machine of VirtualBox without a source': virtualboxIso({ iso_url: undefined }),
  'a machine of VirtualBox without a user': virtualboxIso({ ssh_username: undefined }),
  'a disk at what VirtualBox has not': virtualboxIso({ hard_drive_interface: 'usb' }),
  'a CD at what VirtualBox has not': virtualboxIso({ iso_interface: 'scsi' }),
  'a mode of Guest Additions that there is not': virtualboxIso({ guest_additions_mode: 'install' }),
  'Guest Additions for nobody': virtualboxIso({ communicator: 'none', ssh_username: undefined, ssh_password: undefined }),
  'an appliance that there is not': virtualboxIso({ format: 'vhd' }),
  'commands that are an object': virtualboxIso({ vboxmanage: { modifyvm: 'x' } }),
  'an option that machines of VirtualBox have not': virtualboxIso({ vboxmange: [] }),
  'a machine of no appliance': virtualboxOvf({ source_path: undefined }),
  'an appliance with processors': virtualboxOvf({ cpus: 2 }),
  'a machine without a name': virtualboxVm({ vm_name: undefined }),
  'an instance without an AMI': ebs({ source_ami: undefined }),
  'a filter without owners': ebs({ source_ami: undefined, source_ami_filter: { filters: filter.filters } }),
  'an instance without a type': ebs({ instance_type: undefined }),
  'an instance without a user': ebs({ ssh_username: undefined }),
  'an AMI without a name': ebs({ ami_name: undefined }),
  'a name with a colon': ebs({ ami_name: 'a:b' }),
  'a name of two letters': ebs({ ami_name: 'ab' }),
  'a key of KMS alone': ebs({ encrypt_boot: false, kms_key_id: 'alias/cows' }),
  'an option that instances have not': ebs({ ami_nam: 'x' }),
  'an option that devices have not': ebs({ launch_block_device_mappings: [{ device_name: '/dev/xvda', size: 8 }] }),
  'a device without a name': ebs({ launch_block_device_mappings: [{ volume_size: 8 }] }),
  'tags that are no object': ebs({ tags: 'x' }),
  'a field that names have not': ebs({ ami_name: 'x {{.SourceAMI}}' }),
  'user data twice': ebs({ user_data: 'x', user_data_file: 'machine-cases.ts' }),
  'security groups twice': ebs({ security_group_id: 'sg-0123456789abcdef0', security_group_ids: ['sg-0123456789abcdef1'] }),
  'a container with a user that is a list': builder({ type: 'docker', image: 'x', commit: true }, { ssh_username: ['root'] }),
  'a container with a time that is none': builder({ type: 'docker', image: 'x', commit: true }, { ssh_timeout: 'soon' }),
  'a machine with a time for Windows that is none': qemu({ winrm_timeout: 'soon' }),
  'instance types twice': ebs({ spot_price: 'auto', spot_instance_types: ['t3.micro'] }),
}

/** Templates with machines, and whether Packer 1.6.6 accepts them. */
export const machineCases: readonly StructureCase[] = [
  ...Object.entries(accepted).map(([name, template]) => ({ name, template, accepted: true })),
  ...Object.entries(refused).map(([name, template]) => ({ name, template, accepted: false })),
]
