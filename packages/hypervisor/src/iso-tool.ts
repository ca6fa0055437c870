import { ImagoError, isImagoError, runLocal } from '@imago/core'

/** An image to be made. */
export interface IsoRequest {
  /** The folder whose content it gets. */
  readonly root: string
  readonly path: string
  readonly label: string
}

/** A program that makes CD images. */
export interface IsoTool {
  readonly name: string
  command(request: IsoRequest): readonly string[]
}

/** Rock Ridge with the files belonging to root, Joliet with long names, files of 4 GB and more. */
const mkisofsOptions = ['-quiet', '-r', '-J', '-joliet-long', '-iso-level', '3']

function likeMkisofs(...program: readonly string[]): IsoTool {
  const [name = ''] = program
  return { name, command: ({ root, path, label }) => [...program, ...mkisofsOptions, '-V', label, '-o', path, root] }
}

/** In the order in which they are tried. */
const tools: readonly IsoTool[] = [
  likeMkisofs('xorriso', '-as', 'mkisofs'),
  likeMkisofs('genisoimage'),
  likeMkisofs('mkisofs'),
  {
    name: 'hdiutil',
    command: ({ root, path, label }) => ['hdiutil', 'makehybrid', '-iso', '-joliet', '-default-volume-name', label, '-o', path, root],
  },
]

/**
 * The first program on this machine that makes CD images.
 * @throws ImagoError `TOOL_MISSING` when there is none
 */
export async function isoTool(signal: AbortSignal): Promise<IsoTool> {
  for (const tool of tools) if (await isThere(tool.name, signal)) return tool
  throw new ImagoError('TOOL_MISSING', `no program that makes CD images is on this machine: ${tools.map(({ name }) => name).join(', ')}`, {
    hint: "install xorriso: 'apt-get install xorriso', 'dnf install xorriso', 'brew install xorriso'",
  })
}

async function isThere(name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await runLocal({ command: [name, '--version'], signal })
    return true
  } catch (error) {
    if (isImagoError(error, 'TOOL_MISSING')) return false
    throw error
  }
}
