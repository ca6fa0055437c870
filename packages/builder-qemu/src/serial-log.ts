import { join } from 'node:path'

/** Where QEMU writes what the guest says on its serial port. */
export function serialLogPath(workDirectory: string): string {
  return join(workDirectory, 'serial.log')
}
