import type { Issue } from '@imago/core'
import * as v from 'valibot'

import type { AmiOptions, RegionOptions } from './ami.ts'
import type { DeviceMapping } from './block-device.ts'

/** Who may use an image. */
export interface ShareOptions {
  /** Account ids. Packer: `ami_users`. */
  readonly accounts?: readonly string[]
  /** ARNs of organizations. Packer: `ami_org_arns`. */
  readonly organizations?: readonly string[]
  /** ARNs of organizational units. Packer: `ami_ou_arns`. */
  readonly organizationalUnits?: readonly string[]
  /** Everybody. Packer: `ami_groups = ["all"]`. */
  readonly everybody?: true
}

/** Who may use snapshots. */
export interface SnapshotShareOptions {
  /** Account ids. Packer: `snapshot_users`. */
  readonly accounts?: readonly string[]
  /** Everybody. Packer: `snapshot_groups = ["all"]`. */
  readonly everybody?: true
}

const accounts = v.optional(
  v.pipe(v.array(v.pipe(v.string(), v.regex(/^\d{12}$/, 'must be an account id of 12 digits'))), v.minLength(1, 'must hold an account')),
)
const everybody = v.optional(v.literal(true))
const arns = (kind: string) =>
  v.optional(
    v.array(
      v.pipe(
        v.string(),
        v.regex(
          new RegExp(`^arn:[\\w-]+:organizations::\\d{12}:${kind}/`),
          `must be an ARN: arn:aws:organizations::123456789012:${kind}/…`,
        ),
      ),
    ),
  )

/** The schema of {@link ShareOptions}. */
export const shareSchema: v.GenericSchema = v.strictObject({
  accounts,
  organizations: arns('organization'),
  organizationalUnits: arns('ou'),
  everybody,
})

/** The schema of {@link SnapshotShareOptions}. */
export const snapshotShareSchema: v.GenericSchema = v.strictObject({ accounts, everybody })

/** What sharing and encryption mean together: nobody else can use what is encrypted with an account's default key, and AWS refuses to share it. */
export function shareIssues(
  ami: AmiOptions,
  copies: ReadonlyMap<string, RegionOptions>,
  launched: readonly DeviceMapping[] = [],
): readonly Issue[] {
  const issues: Issue[] = []
  const devices = [
    ...encryptedDevices(launched, ['launch', 'blockDevices']),
    ...encryptedDevices(ami.blockDevices ?? [], ['ami', 'blockDevices']),
  ]
  for (const option of ['shareWith', 'shareSnapshotsWith'] as const) {
    const share = ami[option]
    if (share === undefined || (ami.encrypt !== true && devices.length === 0)) continue
    if (share.everybody === true) {
      const what = ami.encrypt === true ? 'encrypt: true' : `the encrypted device '${devices[0]?.device ?? ''}'`
      issues.push({
        path: ['ami', option, 'everybody'],
        message: `cannot stand beside ${what}: AWS shares no encrypted image with everybody`,
      })
    }
    for (const { path, isLaunched } of devices.filter((each) => !each.hasKey && !(each.isLaunched && ami.kmsKey !== undefined))) {
      if (ami.encrypt === true && ami.kmsKey === undefined) continue // is told below
      const needed = isLaunched ? "needs a 'kmsKey' beside it: " : ''
      const message = `${needed}what is encrypted with the account's default key cannot be shared, and ami.${option} does`
      issues.push({ path, message })
    }
    if (ami.encrypt === true && ami.kmsKey === undefined && ami.skipBuildRegion !== true) {
      const message = "needs a 'kmsKey' beside it: what is encrypted with the account's default key cannot be shared"
      issues.push({ path: ['ami', option], message, hint: 'give the key of a KMS key that those accounts may use' })
    }
    for (const [region, { kmsKey } = {}] of copies) {
      if (kmsKey !== undefined) continue
      const hint = `regions: { '${region}': { kmsKey: '…' } }`
      issues.push({
        path: ['ami', 'regions'],
        message: `the copy in '${region}' would be encrypted with the default key, and cannot be shared`,
        hint,
      })
    }
  }
  return issues
}

interface EncryptedDevice {
  readonly path: Issue['path']
  readonly device: string
  readonly hasKey: boolean
  readonly isLaunched: boolean
}

function encryptedDevices(mappings: readonly DeviceMapping[], path: Issue['path']): readonly EncryptedDevice[] {
  return mappings.flatMap((mapping, index) =>
    'encrypted' in mapping && mapping.encrypted
      ? [
          {
            path: [...path, index, 'encrypted'],
            device: mapping.device,
            hasKey: mapping.kmsKey !== undefined,
            isLaunched: path[0] === 'launch',
          },
        ]
      : [],
  )
}
