import { describe, expect, it } from 'vitest'

import { interpreterOf, parseLibraries } from './linkage.ts'

describe('interpreterOf', () => {
  it('takes the first line apart as the kernel does', () => {
    const words = (line: string): string[] => interpreterOf(Buffer.from(line))
    expect(words('#!/bin/sh\necho')).toEqual(['/bin/sh'])
    expect(words('#! /usr/bin/env -S node --x  \n')).toEqual(['/usr/bin/env', '-S node --x'])
    expect(words('#!/bin/sh\r\n')).toEqual(['/bin/sh'])
    expect(words('#!/bin/sh -e')).toEqual(['/bin/sh', '-e'])
  })
})

describe('parseLibraries', () => {
  it('takes the paths, without the loader and the kernel', () => {
    const glibc = `	linux-vdso.so.1 (0x00007ffd8a3f2000)
	libselinux.so.1 => /lib/x86_64-linux-gnu/libselinux.so.1 (0x00007f5c)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f5b)
	/lib64/ld-linux-x86-64.so.2 (0x00007f5d)
`
    expect(parseLibraries(glibc, 'ls')).toEqual(['/lib/x86_64-linux-gnu/libselinux.so.1', '/lib/x86_64-linux-gnu/libc.so.6'])
    const musl = `	/lib/ld-musl-x86_64.so.1 (0x7f0c)
	libc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f0c)
	libz.so.1 => /lib/a folder/libz.so.1 (0x7f0b)
`
    expect(parseLibraries(musl, 'ls')).toEqual(['/lib/a folder/libz.so.1'])
  })

  it('says which library is missing', () => {
    expect(() => parseLibraries('\tlibcow.so.1 => not found\n', '/opt/cow')).toThrow("'/opt/cow' needs 'libcow.so.1'")
  })
})
