import type { Plugin } from '@imago/core'

import { connectAgain } from './aws/connect.ts'
import { doctor } from './doctor.ts'
import { kindNames, packageName, resourceKind } from './resources/resource-kinds.ts'

/**
 * What `imago sweep` and `imago doctor` need to know of this package. What a journal names is removed with the credentials that are there then; what only
 * tags tell is looked for when one asks for it: `imago sweep --aws`.
 */
export const plugin: Plugin = {
  name: packageName,
  resourceKinds: kindNames.map((kind) => resourceKind(kind, connectAgain)),
  doctor: (signal) => doctor(signal),
}
