import {
  S3Client,
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  DeleteObjectCommand,
} from '@aws-sdk/client-s3'
import { CreateVolumeCommand, DescribeImportImageTasksCommand, DescribeVolumesCommand, ImportImageCommand } from '@aws-sdk/client-ec2'
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  GetInstanceProfileCommand,
  IAMClient,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam'
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetParameterCommand, SSMClient, StartSessionCommand } from '@aws-sdk/client-ssm'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { expect, test, vi } from 'vitest'

import { emulated, region } from './emulated.ts'

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }
const multi = 'mrk-0123456789abcdef0123456789abcdef'
const trust = JSON.stringify({ Version: '2012-10-17', Statement: [] })

test(
  'a role is assumed, and its credentials are its own',
  emulated(async ({ emulator: { endpoint } }) => {
    const iam = new IAMClient({ region, endpoint, credentials })
    const sts = new STSClient({ region, endpoint, credentials })
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '123456789012',
      Arn: 'arn:aws:iam::123456789012:user/emulator',
    })
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'builder', AssumeRolePolicyDocument: trust }))
    const assume = new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'build-1' })
    const { Credentials } = await sts.send(assume)
    const assumed = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    }
    const own = new STSClient({ region, endpoint, credentials: assumed })
    expect((await own.send(new GetCallerIdentityCommand({}))).Arn).toBe('arn:aws:sts::123456789012:assumed-role/builder/build-1')
    await expect(
      sts.send(new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::123456789012:role/nobody', RoleSessionName: 'build-1' })),
    ).rejects.toMatchObject({ name: 'AccessDenied' })
  }),
)

test(
  'an instance profile goes after its role, and a role after its policies',
  emulated(async ({ emulator }) => {
    const iam = new IAMClient({ region, endpoint: emulator.endpoint, credentials })
    await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trust, Tags: [{ Key: 'run', Value: '1' }] }))
    await iam.send(new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'p', PolicyDocument: trust }))
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'i' }))
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'i', RoleName: 'r' }))
    const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName: 'i' }))
    expect(InstanceProfile?.Roles?.map(({ RoleName }) => RoleName)).toEqual(['r'])
    await expect(iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: 'i' }))).rejects.toMatchObject({
      name: 'DeleteConflictException',
    })
    await expect(iam.send(new DeleteRoleCommand({ RoleName: 'r' }))).rejects.toThrow('must remove roles from instance profile first')
    await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: 'i', RoleName: 'r' }))
    await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: 'i' }))
    await expect(iam.send(new DeleteRoleCommand({ RoleName: 'r' }))).rejects.toThrow('must delete policies first')
    expect(emulator.leftovers()).toMatchObject([{ kind: 'role', name: 'r', region: '', tags: { run: '1' } }])
  }),
)

test(
  'parameters and secrets are read; a session needs an instance that is managed',
  emulated(
    async ({ emulator: { endpoint } }) => {
      const ssm = new SSMClient({ region, endpoint, credentials })
      const secrets = new SecretsManagerClient({ region, endpoint, credentials })
      expect((await ssm.send(new GetParameterCommand({ Name: '/cow/colour' }))).Parameter).toMatchObject({ Value: 'brown', Version: 1 })
      const path = '/aws/service/debian/release/12/latest/amd64'
      expect((await ssm.send(new GetParameterCommand({ Name: path }))).Parameter?.Value).toMatch(/^ami-0/)
      await expect(ssm.send(new GetParameterCommand({ Name: '/cow/name' }))).rejects.toMatchObject({ name: 'ParameterNotFound' })
      expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'cow' }))).SecretString).toBe('{"password":"moo"}')
      await expect(ssm.send(new StartSessionCommand({ Target: 'i-0123' }))).rejects.toMatchObject({ name: 'TargetNotConnected' })
    },
    { parameters: { '/cow/colour': 'brown' }, secrets: { cow: '{"password":"moo"}' } },
  ),
)

test(
  'keys are described by id, ARN and alias, where they are, in the state that they are in',
  emulated(
    async ({ emulator: { endpoint }, client }) => {
      const kms = new KMSClient({ region, endpoint, credentials })
      const ofKey = async (KeyId: string) => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata
      const cows = await ofKey('alias/cows')
      expect(cows).toMatchObject({
        Enabled: true,
        KeyState: 'Enabled',
        KeyManager: 'CUSTOMER',
        KeySpec: 'SYMMETRIC_DEFAULT',
        KeyUsage: 'ENCRYPT_DECRYPT',
        MultiRegion: false,
      })
      expect(cows?.Arn).toBe(`arn:aws:kms:${region}:123456789012:key/${cows?.KeyId}`)
      for (const name of [cows?.KeyId, cows?.Arn, `arn:aws:kms:${region}:123456789012:alias/cows`]) {
        expect(await ofKey(name ?? '')).toEqual(cows)
      }
      expect(await ofKey('alias/aws/ebs')).toMatchObject({ KeyManager: 'AWS', KeyState: 'Enabled' })
      expect(await ofKey('alias/old')).toMatchObject({ Enabled: false, KeyState: 'PendingDeletion', DeletionDate: expect.any(Date) })
      expect(await ofKey(multi)).toMatchObject({ MultiRegion: true, KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' })
      await expect(ofKey('alias/irish')).rejects.toMatchObject({ name: 'NotFoundException' })
      await expect(ofKey('0a1b2c3d-0000-4000-8000-000000000000')).rejects.toThrow('does not exist')
      await expect(ofKey('arn:aws:kms:eu-west-1:123456789012:alias/irish')).rejects.toThrow('Invalid arn eu-west-1')
      await expect(ofKey(`arn:aws:kms:${region}:210987654321:alias/cows`)).rejects.toMatchObject({ name: 'AccessDeniedException' })

      const volume = { AvailabilityZone: `${region}a`, Size: 1, Encrypted: true }
      for (const KmsKeyId of ['alias/cows', undefined]) await client.send(new CreateVolumeCommand({ ...volume, KmsKeyId }))
      const { Volumes = [] } = await client.send(new DescribeVolumesCommand({}))
      expect(Volumes.map(({ KmsKeyId }) => KmsKeyId)).toEqual([cows?.Arn, (await ofKey('alias/aws/ebs'))?.Arn])
    },
    {
      keys: [
        { alias: 'alias/cows' },
        { alias: 'alias/old', state: 'PendingDeletion' },
        { alias: 'alias/irish', regions: ['eu-west-1'] },
        { id: multi, spec: 'RSA_2048' },
      ],
    },
  ),
)

test(
  'a disk is uploaded, whole and in parts, and imported',
  emulated(async ({ emulator, client }) => {
    const s3 = new S3Client({ region, endpoint: emulator.endpoint, credentials })
    const Bucket = 'disks'
    await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'whole.vmdk', Body: 'KDMV and more' }))
    const Key = 'parts.raw'
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const parts = await Promise.all(
      ['one ', 'two'].map(async (Body, index) => {
        const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: index + 1, Body }))
        return { ETag, PartNumber: index + 1 }
      }),
    )
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: parts } }))
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
    expect(await Body?.transformToString()).toBe('one two')
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'no' }))).rejects.toMatchObject({ name: 'NoSuchKey' })

    const imported = async (Format: string, S3Key: string) => {
      const { ImportTaskId = '' } = await client.send(
        new ImportImageCommand({ DiskContainers: [{ Format, UserBucket: { S3Bucket: Bucket, S3Key } }] }),
      )
      return await vi.waitFor(async () => {
        const { ImportImageTasks = [] } = await client.send(new DescribeImportImageTasksCommand({ ImportTaskIds: [ImportTaskId] }))
        expect(ImportImageTasks[0]?.Status).not.toBe('active')
        return ImportImageTasks[0]
      })
    }
    expect(await imported('vmdk', 'whole.vmdk')).toMatchObject({ Status: 'completed', ImageId: expect.stringMatching(/^ami-/) })
    expect(await imported('vmdk', 'parts.raw')).toMatchObject({
      Status: 'deleted',
      StatusMessage: expect.stringContaining('Unsupported VMDK file'),
    })
    expect(await imported('raw', 'nothing')).toMatchObject({ Status: 'deleted', StatusMessage: expect.stringContaining('404 Not Found') })
    await s3.send(new DeleteObjectCommand({ Bucket, Key }))
    const left = emulator.leftovers().map(({ kind, id }) => (kind === 'object' ? id : kind))
    expect(left).toEqual(['image', 'snapshot', 'bucket', 'disks/whole.vmdk'])
  }),
)
