import { readFile } from 'node:fs/promises'

import { describe, expect, test } from 'vitest'

import { description } from '../test/machine-files.ts'
import { architectureOfGuest, parseOvf } from './ovf-description.ts'

describe('parseOvf', () => {
  test('what VirtualBox 7.2 wrote of a machine with UEFI', async () => {
    expect(parseOvf(await readFile(new URL('../test/virtualbox-7.2.ovf', import.meta.url), 'utf8'))).toEqual({
      files: ['cow.nvram', 'cow-disk001.vmdk'],
      macAddress: '0800275E2301',
      guestOsType: 'Debian12_64',
    })
  })

  test('the first interface is meant, wherever it stands, and not what is in a comment', () => {
    expect(parseOvf(description('cow-disk001.vmdk'))).toEqual({
      files: ['cow-disk001.vmdk'],
      macAddress: '080027D14C66',
      guestOsType: 'Debian12_64',
    })
  })

  test('what others write: no more than files, in any order of attributes, with entities', () => {
    const xml = `<ovf:Envelope xmlns:ovf="x"><ovf:References>
      <ovf:File ovf:id='a' ovf:size="5" ovf:href='cow &amp; calf&#46;vmdk'></ovf:File><ovf:File ovf:href="cow.nvram"/>
    </ovf:References><File href="no.reference"/></ovf:Envelope>`
    expect(parseOvf(xml)).toEqual({ files: ['cow & calf.vmdk', 'cow.nvram'] })
  })

  test('an older VirtualBox, which names the type of the guest only in the machine', () => {
    const xml = '<Envelope><vbox:Machine name="cow" OSType="Debian"><Adapter slot="0" enabled="true"/></vbox:Machine></Envelope>'
    expect(parseOvf(xml)).toEqual({ files: [], guestOsType: 'Debian' })
  })

  test('what is none', () => {
    expect(parseOvf('<html></html>')).toBeUndefined()
    expect(parseOvf('')).toBeUndefined()
  })
})

test.each([
  ['Debian_64', 'amd64'],
  ['Windows11_64', 'amd64'],
  ['Debian12_arm64', 'arm64'],
  ['Linux26', 'i386'],
])('a guest of type %s needs %s', (type, architecture) => {
  expect(architectureOfGuest(type)).toBe(architecture)
})
