import { ImagoError } from '@imago/core'

import { runTool } from './run-tool.ts'

/** The formats of disk images that are read and made. */
export type DiskFormat = 'qcow2' | 'raw' | 'vmdk' | 'vdi' | 'vhdx'

/** A disk image in a file. */
export interface DiskImage {
  /** Absolute. */
  readonly path: string
  readonly format: string
}

/** What `qemu-img` says of a disk image. */
export interface DiskInfo {
  /** As `qemu-img` calls it: also formats that are read only, such as `vpc`. */
  readonly format: string
  /** What a machine sees, in bytes. */
  readonly virtualSize: number
  /** What it builds on, when it is an overlay; as it stands in the file. */
  readonly backing?: string
}

/** How to create a disk image. */
export interface CreateOptions {
  /** Absolute. */
  readonly path: string
  /** What it starts with; the new image holds only what is changed. At least one of this and `size`. @default nothing: it is empty */
  readonly base?: DiskImage
  /** Bytes that a machine sees. @default those of `base` */
  readonly size?: number
  /** Whether a machine writes to `base`, which is then not looked at; `size` is needed. @default false */
  readonly isOpen?: boolean
  /** More arguments. @default none */
  readonly args?: readonly string[] | undefined
  readonly signal: AbortSignal
}

/** How to write a disk image anew. */
export interface ConvertOptions {
  readonly from: DiskImage
  /** Absolute. */
  readonly to: string
  readonly format: DiskFormat
  /** For `qcow2` an algorithm, for `vmdk` `zlib`. @default not compressed */
  readonly compress?: 'zlib' | 'zstd' | undefined
  /** Whether zeros take up room. @default false */
  readonly full?: boolean | undefined
  /** More arguments. @default none */
  readonly args?: readonly string[] | undefined
  readonly signal: AbortSignal
  readonly onPercent?: (percent: number) => void
}

/** The program `qemu-img`. Its refusals are ImagoErrors with its words: `DISK_FULL`, or `PROVIDER_FAILED`. */
export class QemuImg {
  readonly #program: string

  constructor(program = 'qemu-img') {
    this.#program = program
  }

  /** Makes a qcow2 image. */
  async create({ path, base, size, isOpen = false, args = [], signal }: CreateOptions): Promise<void> {
    const backing = base === undefined ? [] : [...(isOpen ? ['-u'] : []), '-b', base.path, '-F', base.format]
    const bytes = size === undefined ? [] : [String(size)]
    await this.#run(`create the disk '${path}'`, ['create', '-q', '-f', 'qcow2', ...args, ...backing, path, ...bytes], { signal })
  }

  /** Gives a qcow2 image another size, in bytes. */
  async resize(path: string, size: number, args: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#run(`give the disk '${path}' another size`, ['resize', '-q', '-f', 'qcow2', ...args, path, String(size)], { signal })
  }

  async info(path: string, signal: AbortSignal): Promise<DiskInfo> {
    const printed = await this.#run(`read the disk image '${path}'`, ['info', '--output=json', '-U', path], { signal })
    const info: unknown = JSON.parse(printed)
    if (typeof info === 'object' && info !== null && 'format' in info && 'virtual-size' in info) {
      const backing = 'backing-filename' in info && typeof info['backing-filename'] === 'string' ? info['backing-filename'] : undefined
      return { format: String(info.format), virtualSize: Number(info['virtual-size']), ...(backing !== undefined && { backing }) }
    }
    throw new ImagoError('PROVIDER_FAILED', `${this.#program} says nothing of '${path}' that is understood: ${printed.trim()}`)
  }

  /** Writes an image anew, with what it builds on and without holes in between. */
  async convert({ from, to, format, compress, full = false, args = [], signal, onPercent }: ConvertOptions): Promise<void> {
    const all = [
      'convert',
      '-p',
      '-f',
      from.format,
      '-O',
      format,
      ...compression(format, compress),
      ...(full ? ['-S', '0'] : []),
      ...args,
      from.path,
      to,
    ]
    let last = -1
    const onOutput = (_: 'stdout' | 'stderr', chunk: Uint8Array): void => {
      const percent = Math.floor(Number(/\((\d+\.\d+)\/100%\)[^(]*$/.exec(Buffer.from(chunk).toString())?.[1]))
      if (percent > last) onPercent?.((last = percent))
    }
    await this.#run(`write the disk image '${to}'`, all, { signal, onOutput })
  }

  async #run(what: string, args: readonly string[], options: Parameters<typeof runTool>[1]): Promise<string> {
    const { exitCode, stdout, stderr } = await runTool([this.#program, ...args], options)
    if (exitCode === 0) return stdout
    const words = stderr.replaceAll(/^qemu-img: /gm, '').trim()
    if (words.includes('No space left on device')) {
      throw new ImagoError('DISK_FULL', `cannot ${what}: no space left on the disk`, { hint: 'free some space, or choose another place' })
    }
    throw new ImagoError('PROVIDER_FAILED', `cannot ${what}: ${words || `${this.#program} ended with ${exitCode}`}`)
  }
}

/** With threads that write in any order: else one compresses after the other. */
function compression(format: DiskFormat, compress: ConvertOptions['compress']): string[] {
  if (compress === undefined) return []
  return format === 'vmdk' ? ['-o', 'subformat=streamOptimized'] : ['-c', '-W', '-m', '8', '-o', `compression_type=${compress}`]
}
