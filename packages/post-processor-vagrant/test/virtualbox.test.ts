import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { postProcessContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { ContainedVirtualBox } from '../../builder-virtualbox/test/virtualbox.ts'
import { makingMs, skipped, startVirtualBox } from '../../builder-virtualbox/test/virtualbox.ts'
import type { ApplianceInput } from '../src/index.ts'
import { vagrant } from '../src/index.ts'

describe.skipIf(skipped !== '')(`VirtualBox${skipped}`, () => {
  let virtualbox: ContainedVirtualBox | undefined
  beforeAll(() => {
    virtualbox = startVirtualBox()
  }, makingMs)
  afterAll(() => virtualbox?.stop())

  test.each(['ova', 'ovf'] as const)(
    'imports the box of an %s that it exported, and checks the digests',
    { timeout: 60_000 },
    async (format) => {
      const contained = virtualbox
      if (contained === undefined) throw new Error('there is no VirtualBox')
      const manage: ContainedVirtualBox['manage'] = (...command) => contained.manage(...command)
      const [directory, name] = [join(contained.folder, format), `cow-${format}`]
      await mkdir(directory)
      manage('createvm', '--name', name, '--ostype', 'Debian12_64', '--register')
      manage('modifyvm', name, '--memory', '64', '--nic1', 'nat', '--macaddress1', '0800271A2B3C', '--firmware', 'efi')
      manage('modifynvram', name, 'inituefivarstore')
      manage('createmedium', 'disk', '--filename', join(directory, 'disk.vdi'), '--size', '64')
      manage('storagectl', name, '--name', 'SATA', '--add', 'sata')
      manage('storageattach', name, '--storagectl', 'SATA', '--port', '0', '--type', 'hdd', '--medium', join(directory, 'disk.vdi'))
      manage('export', name, '--output', join(directory, `cow.${format}`), '--manifest')

      const made = await readdir(directory)
      const files = made.filter((file) => file !== 'disk.vdi').map((file) => ({ path: join(directory, file), size: 1 }))
      const input: ApplianceInput = { type: 'virtualbox-appliance', id: 'x', format, files }
      const box = await vagrant({ output: 'cow.box' }).process(input, postProcessContext({ directory }))
      expect(box.architecture).toBe('amd64')
      const unpacked = join(directory, 'unpacked')
      await mkdir(unpacked)
      execFileSync('tar', ['-xzf', box.id, '-C', unpacked])
      expect(await readFile(join(unpacked, 'Vagrantfile'), 'utf8')).toContain("config.vm.base_mac = '0800271A2B3C'")

      manage('import', join(unpacked, 'box.ovf'), '--vsys', '0', '--vmname', `calf-${format}`)
      expect(manage('showvminfo', `calf-${format}`)).toMatch(/Debian 12[\s\S]*Firmware: +EFI/)
      await appendFile(join(unpacked, 'box.ovf'), '\n')
      expect(() => manage('import', join(unpacked, 'box.ovf'), '--vsys', '0', '--vmname', `changeling-${format}`)).toThrow('Command failed')
      expect(manage('list', 'vms')).not.toContain('changeling')
    },
  )
})
