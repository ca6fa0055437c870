import { open } from 'node:fs/promises'

import { fileSystemError, ImagoError } from '@imago/core'

const headerSize = 32
const magic = Buffer.from('QFI\xfb', 'latin1')

/**
 * What a machine sees of a disk image in qcow2, in bytes. Source: docs/interop/qcow2.txt of QEMU.
 * @throws ImagoError `INPUT_MISSING`; `UNSUPPORTED` when it is no such image, or needs another one
 */
export async function virtualSize(path: string): Promise<number> {
  const header = await readHeader(path)
  if (header.length < headerSize || !header.subarray(0, magic.length).equals(magic)) {
    throw new ImagoError('UNSUPPORTED', `'${path}' is no disk image in qcow2, which boxes for libvirt are made of`, {
      hint: "build with result: { format: 'qcow2', … }, or convert it",
    })
  }
  if (header.readBigUInt64BE(8) !== 0n) {
    throw new ImagoError('UNSUPPORTED', `'${path}' is a layer on top of another disk image, which would be missing in the box`, {
      hint: 'convert it with: qemu-img convert -O qcow2',
    })
  }
  return Number(header.readBigUInt64BE(24))
}

async function readHeader(path: string): Promise<Buffer> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headerSize))
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw fileSystemError(error, `cannot read '${path}'`)
  }
}
