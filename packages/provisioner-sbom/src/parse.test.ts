import fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseApkInstalled } from './apk-installed.ts'
import { parseDpkgStatus } from './dpkg-status.ts'
import { parseOsRelease } from './os-release.ts'
import { packageUrl } from './package-url.ts'
import { parseRpmQuery } from './rpm-query.ts'

test('dpkg: what is installed, with its source; not what has been removed', () => {
  const text = `Package: libc6
Status: install ok installed
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: amd64
Source: glibc (2.36-9)
Version: 2.36-9+deb12u10
Description: GNU C Library: Shared libraries
 Contains the standard libraries.
 Version: this line belongs to the description

Package: gone
Status: deinstall ok config-files
Version: 1

Package: held
Status: hold ok installed
Version: 1:2~rc1
Architecture: all
Homepage: https://example.org/
`
  expect(parseDpkgStatus(text)).toEqual([
    {
      type: 'deb',
      name: 'libc6',
      version: '2.36-9+deb12u10',
      architecture: 'amd64',
      source: 'glibc',
      supplier: 'GNU Libc Maintainers <debian-glibc@lists.debian.org>',
    },
    { type: 'deb', name: 'held', version: '1:2~rc1', architecture: 'all', homepage: 'https://example.org/' },
  ])
})

test('apk', () => {
  const text = `C:Q1abc=
P:musl
V:1.2.5-r0
A:x86_64
L:MIT
o:musl
m:A Maintainer <a@example.org>
U:https://musl.libc.org/
F:lib
R:libc.musl-x86_64.so.1

P:ssl_client
V:1.36.1-r29
A:x86_64
L:GPL-2.0-only
o:busybox
`
  expect(parseApkInstalled(text)).toEqual([
    {
      type: 'apk',
      name: 'musl',
      version: '1.2.5-r0',
      architecture: 'x86_64',
      license: 'MIT',
      supplier: 'A Maintainer <a@example.org>',
      homepage: 'https://musl.libc.org/',
    },
    { type: 'apk', name: 'ssl_client', version: '1.36.1-r29', architecture: 'x86_64', source: 'busybox', license: 'GPL-2.0-only' },
  ])
})

test('rpm', () => {
  const text = `cow\t4:1.2-3\tnoarch\tcow-1.2-3.src.rpm\tMIT and BSD\t(none)\thttps://example.org/cow
gpg-pubkey\t1-2\t(none)\t(none)\tpubkey\t(none)\t(none)
`
  expect(parseRpmQuery(text)).toEqual([
    {
      type: 'rpm',
      name: 'cow',
      version: '4:1.2-3',
      architecture: 'noarch',
      source: 'cow-1.2-3.src.rpm',
      license: 'MIT and BSD',
      homepage: 'https://example.org/cow',
    },
  ])
})

test('os-release, also when there is none', () => {
  expect(parseOsRelease('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\n# a remark\nID=debian\n')).toEqual({
    id: 'debian',
    version: '12',
    name: 'Debian GNU/Linux 12 (bookworm)',
  })
  expect(parseOsRelease(`NAME='It "is"'\nID=arch\n`)).toEqual({ id: 'arch', name: 'It "is"' })
  expect(parseOsRelease('PRETTY_NAME="a \\$ and a \\""')).toEqual({ id: 'linux', name: 'a $ and a "' })
  expect(parseOsRelease('')).toEqual({ id: 'linux', name: 'linux' })
})

test.each([
  [
    'pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12',
    { type: 'deb', name: 'bash', version: '5.2.15-2+b7', architecture: 'amd64' },
  ],
  [
    'pkg:deb/debian/g%2B%2B@4:12.2.0-3?arch=amd64&distro=debian-12',
    { type: 'deb', name: 'g++', version: '4:12.2.0-3', architecture: 'amd64' },
  ],
  [
    'pkg:rpm/debian/cow@1.2-3?arch=noarch&distro=debian-12&epoch=4&upstream=cow-1.2-3.src.rpm',
    { type: 'rpm', name: 'cow', version: '4:1.2-3', architecture: 'noarch', source: 'cow-1.2-3.src.rpm' },
  ],
] as const)('%s', (url, installed) => {
  expect(packageUrl(installed, { id: 'debian', version: '12', name: 'Debian' })).toBe(url)
})

test('no text makes a parser throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('P', 'V', ':', ' ', '\n', '\t', '"', '\\', '=', 'Package', 'ID') }), (text) => {
      for (const parse of [parseDpkgStatus, parseApkInstalled, parseRpmQuery]) expect(parse(text)).toBeInstanceOf(Array)
      expect(parseOsRelease(text).id).not.toBe('')
    }),
  )
})
