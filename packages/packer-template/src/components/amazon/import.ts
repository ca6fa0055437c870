import type { AmazonImportOptions } from '@imago/builder-amazon'

import { chosen } from '../../mapping/chosen.ts'
import { always, flag, lateText, text } from '../../mapping/coercions.ts'
import { currentText } from '../../mapping/current-value.ts'
import { given } from '../../mapping/group.ts'
import type { Model } from '../../mapping/known.ts'
import { texts } from '../../mapping/list-coercions.ts'
import type { ComponentTable } from '../../mapping/table.ts'
import { as, defineTable, meaningless, taken } from '../../mapping/table.ts'
import { threeWay } from '../../mapping/three-way.ts'
import { outputFields } from '../../text/field-table.ts'
import { accessOptions, accessRows } from './access.ts'
import { shareOf } from './share.ts'
import { amazonFields, allTags, tagList, tags } from './tags.ts'

type Ami = NonNullable<AmazonImportOptions['ami']>

/** `amazon-import` */
export const amazonImportTable: ComponentTable = defineTable<AmazonImportOptions>()({
  factory: { name: 'amazonImport', package: '@imago/builder-amazon' },
  load: async () => (await import('@imago/builder-amazon')).amazonImport,
  options: {
    ...accessRows,
    s3_bucket_name: as('bucket', always(text)),
    s3_key_name: as('key', lateText(outputFields)),
    s3_encryption: taken(text),
    s3_encryption_key: taken(text),
    skip_clean: as('keepObject', flag),
    format: as('format', chosen<NonNullable<AmazonImportOptions['format']>>({ names: ['ova', 'raw', 'vhd', 'vhdx', 'vmdk'] })),
    architecture: as('architecture', chosen<NonNullable<AmazonImportOptions['architecture']>>({ names: ['x86_64', 'arm64', 'i386'] })),
    boot_mode: as('bootMode', chosen<NonNullable<AmazonImportOptions['bootMode']>>({ names: ['legacy-bios', 'uefi'] })),
    platform: as('platform', chosen<NonNullable<AmazonImportOptions['platform']>>({ names: ['linux', 'windows'] })),
    license_type: as('licenseType', chosen<NonNullable<AmazonImportOptions['licenseType']>>({ names: ['AWS', 'BYOL'] })),
    role_name: as('roleName', text),
    ami_name: taken(text),
    ami_description: taken(lateText(amazonFields)),
    ami_users: taken(texts),
    ami_groups: taken(texts),
    ami_org_arns: taken(texts),
    ami_ou_arns: taken(texts),
    ami_encrypt: taken(threeWay),
    ami_kms_key: taken(text),
    tags: taken(tags),
    tag: taken(tagList),
    skip_region_validation: meaningless('the region is looked at when the import begins'),
  },
  compose(options) {
    const ami = given<Ami>({
      name: options.ami_name,
      description: options.ami_description,
      tags: allTags(options.tags, options.tag),
      encrypt: options.ami_encrypt,
      kmsKey: options.ami_kms_key,
      shareWith: shareOf(options),
    })
    const encryption = encryptionOf(options.s3_encryption, options.s3_encryption_key)
    return {
      ...accessOptions(options),
      ...(encryption !== undefined && { objectEncryption: encryption }),
      ...(Object.keys(ami).length > 0 && { ami }),
    }
  },
})

function encryptionOf(
  kind: Model<string> | undefined,
  key: Model<string> | undefined,
): Model<NonNullable<AmazonImportOptions['objectEncryption']>> | undefined {
  if (currentText(kind) === 'AES256') return 'AES256'
  return key === undefined ? undefined : { kmsKey: key }
}
