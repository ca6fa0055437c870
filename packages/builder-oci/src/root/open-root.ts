import { ImagoError } from '@imago/core'

import { bestIdMap, singleIdMap } from './id-map.ts'
import { explainNamespaces } from './namespace-limits.ts'
import { NamespacedRoot } from './namespaced-root.ts'
import { PlainRoot } from './plain-root.ts'
import type { Root } from './root.ts'

/** Opens the best root that this machine allows. @param directory empty, absolute */
export async function openRoot(directory: string, signal: AbortSignal): Promise<Root> {
  if (process.platform !== 'linux') return new PlainRoot(directory, needsLinux())
  const ids = await bestIdMap()
  try {
    return await NamespacedRoot.open(directory, ids, signal)
  } catch (error) {
    if (signal.aborted) throw error
    if (ids.kind !== 'subordinate') return new PlainRoot(directory, await explainNamespaces(error))
  }
  try {
    return await NamespacedRoot.open(directory, singleIdMap(), signal)
  } catch (error) {
    if (signal.aborted) throw error
    return new PlainRoot(directory, await explainNamespaces(error))
  }
}

function needsLinux(): ImagoError {
  return new ImagoError('UNSUPPORTED', `commands run in an OCI image only on Linux, and this is ${process.platform}`, {
    hint: "use 'file' steps alone, build on Linux, or use the Docker builder",
  })
}
