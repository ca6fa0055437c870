import { readdirSync } from 'node:fs'
import { join, win32 } from 'node:path'

/** A folder of this machine that stands for the drive C: of another. Names are found in any case, as Windows does. */
export class Drive {
  readonly directory: string

  /** @param directory an absolute path of this machine */
  constructor(directory: string) {
    this.directory = directory
  }

  /** Where a path of the other machine is in this one. @throws Error for another drive */
  local(path: string, cwd = 'C:\\'): string {
    const full = win32.resolve(cwd, path)
    const { root } = win32.parse(full)
    if (root.toUpperCase() !== 'C:\\') throw new Error(`the system cannot find the drive specified: ${root}`)
    let at = this.directory
    for (const part of full.slice(root.length).split('\\')) {
      if (part !== '') at = join(at, named(at, part))
    }
    return at
  }
}

/** The name of an entry as it is written there. */
function named(folder: string, name: string): string {
  try {
    return readdirSync(folder).find((each) => each.toLowerCase() === name.toLowerCase()) ?? name
  } catch {
    return name
  }
}
