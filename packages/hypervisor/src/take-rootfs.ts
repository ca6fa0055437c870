import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { BuildContext, Communicator, StepContext } from '@imago/core'
import { ImagoError, progressReporter, shellJoin, shellQuote } from '@imago/core'

import type { Output, Written } from './write-outputs.ts'
import { moveFile, writeError } from './write-outputs.ts'

/** The machine's file system as a tar archive, taken over SSH before the machine shuts down. Makes a Docker image with `dockerImport`. */
export interface RootfsOptions {
  /** The file, relative to the definition. */
  readonly path: string
  /** Paths of the machine that are left out, such as `/boot`; a directory with what is in it. Patterns of tar. @default none */
  readonly exclude?: readonly string[]
}

/** The archive of a machine's file system, which is in the folder for temporary files until it is put in its place. */
export interface RootfsArchive {
  readonly output: Output
}

/**
 * Writes the machine's files to the standard output, as root: what is on disks, and of file systems that live in memory only the
 * directories that they are mounted at. With capabilities of files, where tar knows of them. That a file changed meanwhile is no failure; GNU's
 * tar ends with 1 then, others when they do not know an option.
 */
function archiveScript(exclude: readonly string[]): string {
  const given = exclude.map((path) => shellQuote(`--exclude=./${path.replaceAll(/^\/+|\/+$/g, '')}`)).join(' ')
  const script = `set -- ${given}
while read -r device place rest; do
  case $device in /dev/*) ;; *) [ "$place" = / ] || set -- "$@" "--exclude=.$(printf %b "$place")/*" ;; esac
done </proc/mounts
tar --help 2>/dev/null | grep -q -e --xattrs-include && set -- "$@" --xattrs --xattrs-include=security.capability --warning=no-file-changed
changed=0
tar --version 2>/dev/null | grep -q GNU && changed=1
cd / && tar -c -f - --numeric-owner "$@" .; code=$?
[ $code -le $changed ] || exit $code`
  const asRoot = shellJoin(['sh', '-c', script])
  return `if [ "$(id -u)" = 0 ]; then ${asRoot}; else sudo -n ${asRoot}; fi`
}

/** Streams the machine's file system to this machine, and hashes it on the way. */
export async function takeRootfs(
  machine: Communicator,
  { path, exclude = [] }: RootfsOptions,
  { ctx, step }: { readonly ctx: BuildContext; readonly step: StepContext },
): Promise<RootfsArchive> {
  const archive = join(ctx.workDirectory, 'rootfs.tar')
  const progress = progressReporter(`write ${path}`, step.emit)
  const sink = openSink(archive)
  try {
    const onOutput = (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => {
      if (stream === 'stderr') return step.output(stream, chunk)
      sink.write(chunk)
      progress.add(chunk.length)
    }
    const signal = AbortSignal.any([step.signal, sink.failed])
    const { exitCode } = await machine.exec(archiveScript(exclude), { signal, onOutput }).catch((error: unknown) => {
      throw sink.failed.aborted ? sink.failed.reason : error
    })
    if (exitCode !== 0) throw archiveFailed(exitCode)
  } finally {
    sink.close()
  }
  progress.finish()
  const written = sink.written()
  return {
    output: {
      path: resolve(ctx.directory, path),
      write: async (temporary) => {
        await moveFile(archive, temporary)
        return written
      },
    },
  }
}

interface Sink {
  /** Aborted when it cannot be written, with an error of ours. */
  readonly failed: AbortSignal
  write(chunk: Uint8Array): void
  /** To be called once, at the end. */
  written(): Written
  close(): void
}

/** Takes bytes at once: whoever sends them cannot be told to wait, and in memory they would pile up. */
function openSink(path: string): Sink {
  const file = openSync(path, 'w')
  const hash = createHash('sha256')
  const failure = new AbortController()
  let size = 0
  return {
    failed: failure.signal,
    write(chunk) {
      if (failure.signal.aborted) return
      try {
        for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at)
      } catch (error) {
        return failure.abort(writeError(error, path))
      }
      hash.update(chunk)
      size += chunk.length
    },
    written: () => ({ size, sha256: hash.digest('hex') }),
    close: () => closeSync(file),
  }
}

function archiveFailed(exitCode: number): ImagoError {
  return new ImagoError('COMMAND_FAILED', `the machine's file system cannot be archived: tar ended with exit code ${exitCode}`, {
    exitCode,
    hint: 'the user must be root, or be allowed to use sudo without a password; the guest needs a tar that knows --exclude, which small ones of busybox do not',
  })
}
