import type { AmazonEbsOptions } from '@imago/builder-amazon'

import { currentTexts } from '../../mapping/current-value.ts'
import { group } from '../../mapping/group.ts'
import type { Model } from '../../mapping/known.ts'

type Ami = Exclude<AmazonEbsOptions['ami'], false>
type Texts = Model<readonly string[]> | undefined

/** Who may use an AMI. */
export function shareOf(options: {
  readonly ami_users?: Texts
  readonly ami_groups?: Texts
  readonly ami_org_arns?: Texts
  readonly ami_ou_arns?: Texts
}): Model<NonNullable<Ami['shareWith']>> | undefined {
  return group<NonNullable<Ami['shareWith']>>({
    accounts: options.ami_users,
    organizations: options.ami_org_arns,
    organizationalUnits: options.ami_ou_arns,
    everybody: isForAll(options.ami_groups) ? true : undefined,
  })
}

/** Who may use snapshots. */
export function snapshotShareOf(users: Texts, groups: Texts): Model<NonNullable<Ami['shareSnapshotsWith']>> | undefined {
  return group<NonNullable<Ami['shareSnapshotsWith']>>({ accounts: users, everybody: isForAll(groups) ? true : undefined })
}

function isForAll(groups: Texts): boolean {
  return groups !== undefined && currentTexts(groups).includes('all')
}
