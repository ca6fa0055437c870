import { describe, expect, test } from 'vitest'

import { description } from '../test/machine-files.ts'
import { architectureOfGuest, parseOvf } from './ovf-description.ts'

describe('parseOvf', () => {
  test('what VirtualBox writes: files, the address of the first interface, the type of the guest', () => {
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
