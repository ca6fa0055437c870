import { isUtf8 } from 'node:buffer'

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** A PowerShell script as Windows PowerShell reads UTF-8: with a byte order mark, where it is more than ASCII. Other bytes stay. */
export function asPowershell(content: Buffer): Buffer {
  const isPlain = content.every((byte) => byte < 0x80)
  return isPlain || startsWithMark(content) || !isUtf8(content) ? content : Buffer.concat([byteOrderMark, content])
}

/** A batch file as `cmd.exe` reads it: its lines end with CRLF, else it misses labels, and no byte order mark hides the first command. */
export function asBatch(content: Buffer): Buffer {
  const body = startsWithMark(content) ? content.subarray(3) : content
  return Buffer.from(body.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1')
}

function startsWithMark(content: Buffer): boolean {
  return content.subarray(0, 3).equals(byteOrderMark)
}
