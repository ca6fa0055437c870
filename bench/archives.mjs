// Compressing: a root file system, and a file of which one half does not compress.
import { spawnSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

export function archiveCases({ work, file }) {
  const root = join(work, 'root.tar')
  const mixed = join(work, 'mixed')
  const disk = join(work, 'disk')
  return [
    {
      name: 'compress a root file system of 200 MB to .tar.gz',
      prepare: () => makeRoot(root),
      contenders: [imago(root, 'root.tar.gz'), packer(file, root, 'packer-root.tar.gz'), pigz(root)],
    },
    {
      name: 'compress a root file system of 200 MB to .tar.zst, against gzip',
      contenders: [imago(root, 'root.tar.zst'), packer(file, root, 'packer-zst.tar.gz'), zstd(root)],
    },
    {
      name: 'compress 512 MB, one half random, the other a root file system',
      prepare: () => makeMixed(mixed, root),
      contenders: [imago(mixed, 'mixed.tar.gz'), packer(file, mixed, 'packer-mixed.tar.gz'), pigz(mixed)],
    },
    {
      name: 'compress 512 MB, one half random, the other zeros',
      prepare: () => makeMixedWithZeros(disk),
      contenders: [imago(disk, 'disk.tar.gz'), packer(file, disk, 'packer-disk.tar.gz'), pigz(disk)],
    },
  ]
}

function imago(input, name) {
  const output = beside(input, name)
  return {
    label: 'imago',
    command: [process.execPath, resolve('bench/compress.mjs'), input, output],
    cwd: process.cwd(),
    before: () => rmSync(output, { force: true }), // to replace a large file takes time, and Packer does not
    size: sizeOf(output),
  }
}

function packer(file, input, name) {
  const output = beside(input, name)
  const template = file(
    `${name}.json`,
    JSON.stringify({
      builders: [{ type: 'null', communicator: 'none' }],
      'post-processors': [
        [
          { type: 'artifice', files: [input] },
          { type: 'compress', output, keep_input_artifact: true },
        ],
      ],
    }),
  )
  const before = () => rmSync(output, { force: true })
  return { label: 'packer', command: ['packer', 'build', template], needs: 'packer', before, size: sizeOf(output) }
}

function pigz(input) {
  return piped('pigz', 'pigz', input, 'pigz.tar.gz')
}

function zstd(input) {
  return piped('zstd', 'zstd -T0 -q -c', input, 'zstd.tar.zst')
}

function piped(program, command, input, name) {
  const output = beside(input, name)
  const script = `tar -C "$(dirname "$0")" -cf - ${basename(input)} | ${command} > "$1"`
  return { label: `tar | ${program}`, command: ['sh', '-c', script, input, output], needs: program, size: sizeOf(output) }
}

function beside(input, name) {
  return join(input, '..', name)
}

function sizeOf(path) {
  return () => statSync(path).size
}

/** The root file system of debian:12 where there is an engine that has it, else 200 MB of this machine's own. */
function makeRoot(path) {
  const exported = spawnSync('sh', [
    '-c',
    'id=$(docker create debian:12 true) && docker export "$id" > "$0"; docker rm "$id" > /dev/null',
    path,
  ])
  if (exported.status === 0 && statSync(path).size > 1e8) return
  spawnSync('sh', ['-c', 'tar -C / --sort=name -cf - usr 2>/dev/null | head -c 209715200 > "$0"', path])
}

function makeMixedWithZeros(path) {
  spawnSync('sh', ['-c', 'head -c 268435456 /dev/urandom > "$0"; head -c 268435456 /dev/zero >> "$0"', path])
}

function makeMixed(path, root) {
  spawnSync('sh', ['-c', 'head -c 268435456 /dev/urandom > "$0"; cat "$1" "$1" | head -c 268435456 >> "$0"', path, root])
}
