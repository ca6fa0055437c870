import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { bytePath } from '../byte-path.ts'
import type { Directory } from './directory.ts'
import { openDirectory } from './directory.ts'
import type { LookUpOptions } from './resolve.ts'
import { lookUp } from './resolve.ts'

let folder: string
let root: Directory
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'imago-resolve-'))
  mkdirSync(join(folder, 'root/etc'), { recursive: true })
  mkdirSync(join(folder, 'outside'))
  writeFileSync(join(folder, 'outside/secret'), 'of the host')
  writeFileSync(join(folder, 'root/etc/motd'), 'hello')
  root = openDirectory(Buffer.from(join(folder, 'root')))
})
afterEach(() => {
  root[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

/** Where a path leads, and the first word about what stands there. */
function find(path: string, options?: LookUpOptions): string | undefined {
  using place = lookUp(root, bytePath(path), options)
  if (place === undefined) return undefined
  const { stats } = place
  const kind = stats === undefined ? 'nothing' : stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'link' : 'file'
  return `/${place.at} ${kind}`
}

describe('lookUp', () => {
  it('finds files, directories and the root', () => {
    expect(find('/etc/motd')).toBe('/etc/motd file')
    expect(find('etc//./')).toBe('/etc directory')
    expect(find('/')).toBe('/ directory')
    expect(find('')).toBe('/ directory')
  })

  it('tells a missing name from a missing parent', () => {
    expect(find('/etc/new')).toBe('/etc/new nothing')
    expect(find('/new/new')).toBeUndefined()
  })

  it('does not go above the root', () => {
    expect(find('/../../etc/../../etc/motd')).toBe('/etc/motd file')
    expect(find('/etc/..')).toBe('/ directory')
    expect(find('../outside/secret')).toBeUndefined()
  })

  it('takes absolute links from the root on, and relative ones from where they are', () => {
    symlinkSync('/etc', join(folder, 'root/absolute'))
    symlinkSync('../etc/motd', join(folder, 'root/etc/relative'))
    symlinkSync(join(folder, 'outside'), join(folder, 'root/away'))
    expect(find('/absolute/motd')).toBe('/etc/motd file')
    expect(find('/etc/relative')).toBe('/etc/relative link')
    expect(find('/etc/relative', { follow: true })).toBe('/etc/motd file')
    expect(find('/away/secret')).toBeUndefined()
    expect(find('/away', { follow: true })).toBeUndefined()
  })

  it('finds loops of links, and files in the way', () => {
    symlinkSync('two', join(folder, 'root/one'))
    symlinkSync('one', join(folder, 'root/two'))
    expect(find('/one')).toBe('/one link')
    expect(() => find('/one/x')).toThrow("'/one/x' leads through a loop of links")
    expect(() => find('/one', { follow: true })).toThrow('loop')
    expect(() => find('/etc/motd/x')).toThrow("'/etc/motd' is no directory")
  })

  it('makes missing directories where it is told to, also where a link says', () => {
    symlinkSync('/made', join(folder, 'root/link'))
    const made: string[] = []
    const makeDirectory: LookUpOptions['makeDirectory'] = ({ directory, name, at }) => {
      made.push(at)
      mkdirSync(directory.path(name))
      return openDirectory(directory.path(name))
    }
    expect(find('/link/a/b', { makeDirectory })).toBe('/made/a/b nothing')
    expect(made).toEqual(['made', 'made/a'])
  })

  it.runIf(process.platform === 'linux')('holds on to a directory whose place something else takes', () => {
    using place = lookUp(root, bytePath('/etc/new'))
    renameSync(join(folder, 'root/etc'), join(folder, 'root/moved'))
    symlinkSync(join(folder, 'outside'), join(folder, 'root/etc'))
    writeFileSync(place?.path() ?? '', 'inside')
    expect(readdirSync(join(folder, 'outside'))).toEqual(['secret'])
    expect(readFileSync(join(folder, 'root/moved/new'), 'utf8')).toBe('inside')
  })

  it.runIf(process.platform === 'linux')('opens no link that takes the place of a directory', () => {
    symlinkSync(join(folder, 'outside'), join(folder, 'root/link'))
    expect(() => openDirectory(root.path(bytePath('link')))).toThrow(/ELOOP|ENOTDIR/)
  })
})
