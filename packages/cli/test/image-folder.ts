import type { Image, ParameterizedImage } from '@imago/core'

import type { FakeHost, FakeHostOptions } from './fake-host.ts'
import { fakeHost } from './fake-host.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A host in a folder with an `image.ts` that exports this; other files export the same. */
export async function hostWithImage(
  exported: Image | ParameterizedImage | readonly Image[],
  options: FakeHostOptions = {},
): Promise<FakeHost> {
  const cwd = await temporaryFolder({ 'image.ts': '', 'other.ts': '', 'web/image.ts': '' })
  return fakeHost({ cwd, ...options, modules: { importFile: () => Promise.resolve({ default: exported }), ...options.modules } })
}
