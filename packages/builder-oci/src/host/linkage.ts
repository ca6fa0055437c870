import { open } from 'node:fs/promises'
import { basename } from 'node:path'

import { ImagoError } from '@imago/core'

import { readElf } from './elf.ts'
import { runTool } from './run-tool.ts'

/** What a program of this machine needs to run. */
export interface Linkage {
  /** The dynamic loader, absolute. A static program has none. */
  readonly loader?: string
  /** The shared libraries, absolute, as the loader finds them. */
  readonly libraries: readonly string[]
  /** The interpreter of a script and its one argument, as the first line says. */
  readonly interpreter?: readonly string[]
}

/** The first bytes of a file tell its kind, its interpreter and its loader. */
const headSize = 64 * 1024

/**
 * What a program needs: libraries for an ELF file, an interpreter for a script. The dynamic loader itself is asked for the libraries
 * (`ld.so --list`), because nobody else knows all its rules; the program is not run.
 * @throws ImagoError `UNSUPPORTED` for what is neither a program nor a script, or lacks a library
 */
export async function linkageOf(path: string, signal: AbortSignal): Promise<Linkage> {
  const head = await readHead(path)
  if (head.subarray(0, 2).toString('latin1') === '#!') return { libraries: [], interpreter: interpreterOf(head) }
  const elf = readElf(head)
  if (elf === undefined)
    throw new ImagoError('UNSUPPORTED', `'${path}' is neither a program nor a script with an interpreter in its first line`)
  if (elf.loader === undefined) return { libraries: [] }
  const listed = await runTool(elf.loader, ['--list', path], { signal, env: { LC_ALL: 'C' } })
  return { loader: elf.loader, libraries: parseLibraries(listed, path) }
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headSize), 0, headSize, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The words of a script's first line, see execve(2): all that follows the interpreter is one argument. */
export function interpreterOf(head: Buffer): string[] {
  const newline = head.indexOf('\n')
  const line = head
    .toString('utf8', 2, newline === -1 ? head.length : newline)
    .trim()
    .replace(/\r$/, '')
  const [, interpreter = '', argument = ''] = /^(\S+)\s*(.*)$/s.exec(line) ?? []
  return argument === '' ? [interpreter] : [interpreter, argument]
}

/**
 * The paths in what `ld.so --list` prints: `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)`. The loader itself, and what the
 * kernel provides, stand there without an arrow.
 * @throws ImagoError `UNSUPPORTED` when a library is missing
 */
export function parseLibraries(listed: string, program: string): string[] {
  const libraries: string[] = []
  for (const line of listed.split('\n')) {
    const [, name = '', target = ''] = /^\s*(\S+) => (.*?)(?: \(0x[0-9a-f]+\))?$/.exec(line) ?? []
    if (target.startsWith('/')) libraries.push(target)
    else if (target === 'not found') {
      throw new ImagoError('UNSUPPORTED', `'${program}' needs '${name}', which this machine does not have`)
    }
  }
  return libraries.filter((path) => !/^ld-(?:linux|musl)/.test(basename(path)))
}
