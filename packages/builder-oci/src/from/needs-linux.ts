import { ImagoError } from '@imago/core'

import type { OciSource } from './load-base.ts'

const needsLinux: Readonly<Partial<Record<OciSource['kind'], string>>> = {
  'host-binaries': 'programs of this machine do not run in an image for Linux',
  debootstrap: 'debootstrap runs only on Linux',
}

/** Why an image cannot start from this kind of source on this system, or `undefined`. */
export function whyNotHere(kind: OciSource['kind']): ImagoError | undefined {
  const reason = needsLinux[kind]
  if (reason === undefined || process.platform === 'linux') return undefined
  return new ImagoError('UNSUPPORTED', `${reason}, and this is ${process.platform}`, {
    hint: 'start from registry(), tarball(), ociArchive() or scratch(), or build on Linux',
  })
}
