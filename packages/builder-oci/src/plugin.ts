import type { Plugin } from '@imago/core'

import { doctor } from './doctor.ts'
import { rootDirectory } from './root/root-resource.ts'
import { ociSnapshots } from './snapshots.ts'

/** What `imago sweep` and `imago doctor` need to know of this package. */
export const plugin: Plugin = { name: '@imago/builder-oci', resourceKinds: [rootDirectory], snapshots: { oci: ociSnapshots }, doctor }
