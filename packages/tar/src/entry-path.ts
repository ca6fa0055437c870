import { ImagoError } from '@imago/core'

const slash = 0x2f

/**
 * The parts of a name in an archive, without empty ones and `.`: `[]` for the root.
 * @throws ImagoError `TRANSFER_FAILED` for a name that could lead out of the folder it is unpacked to.
 */
export function entryPath(name: string | Uint8Array): Buffer[] {
  const bytes = Buffer.from(name)
  if (bytes[0] === slash) throw outside(bytes, 'is an absolute path')
  if (bytes.includes(0)) throw outside(bytes, 'holds a zero byte')
  const parts = split(bytes).filter((part) => part.length > 0 && !part.equals(dot))
  if (parts.some((part) => part.equals(dotDot))) throw outside(bytes, "holds a '..'")
  if (process.platform === 'win32' && parts.some((part) => /[\\:]/.test(part.toString())))
    throw outside(bytes, 'is no file name on Windows')
  return parts
}

/** The parts below `root`, or `undefined` when the path is not `root` and not below it. */
export function below(root: readonly Buffer[], path: readonly Buffer[]): Buffer[] | undefined {
  return root.every((part, index) => path[index]?.equals(part) === true) ? path.slice(root.length) : undefined
}

const dot = Buffer.from('.')
const dotDot = Buffer.from('..')

function split(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(slash); end !== -1; end = bytes.indexOf(slash, start)) {
    parts.push(bytes.subarray(start, end))
    start = end + 1
  }
  return [...parts, bytes.subarray(start)]
}

function outside(name: Buffer, why: string): ImagoError {
  return new ImagoError('TRANSFER_FAILED', `the archive's entry '${name.toString()}' ${why}; nothing is written outside the destination`)
}
