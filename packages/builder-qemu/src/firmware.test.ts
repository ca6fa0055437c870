import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { findFirmware } from './firmware.ts'

function description(name: string, features: readonly string[], architecture = 'x86_64'): string {
  return JSON.stringify({
    'interface-types': ['uefi'],
    mapping: {
      device: 'flash',
      executable: { filename: `/fw/${name}-code.fd`, format: 'raw' },
      'nvram-template': { filename: `/fw/${name}-vars.fd`, format: 'raw' },
    },
    targets: [{ architecture, machines: ['pc-q35-*'] }],
    features,
  })
}

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-firmware-'))
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

test('the first that fits counts, by the names of the descriptions', async () => {
  const folder = await folderWith({
    '60-plain.json': description('plain', ['acpi-s3']),
    '40-enrolled.json': description('enrolled', ['secure-boot', 'enrolled-keys', 'requires-smm']),
    '50-secure.json': description('secure', ['secure-boot', 'requires-smm']),
    '30-arm.json': description('arm', [], 'aarch64'),
    '10-bios.json': JSON.stringify({ 'interface-types': ['bios'], mapping: { device: 'memory' }, targets: [{ architecture: 'x86_64' }] }),
    README: 'not a description',
  })
  const plain = { code: '/fw/plain-code.fd', vars: '/fw/plain-vars.fd', codeFormat: 'raw', varsFormat: 'raw', requiresSmm: false }
  expect(await findFirmware({ arch: 'x86_64', secureBoot: false }, ['/nowhere', folder])).toEqual(plain)
  expect(await findFirmware({ arch: 'x86_64', secureBoot: true }, [folder])).toMatchObject({
    code: '/fw/enrolled-code.fd',
    requiresSmm: true,
  })
  expect(await findFirmware({ arch: 'aarch64', secureBoot: false }, [folder])).toMatchObject({ code: '/fw/arm-code.fd' })
})

test('where there is none, it says what to install', async () => {
  await expect(findFirmware({ arch: 'x86_64', secureBoot: true }, ['/nowhere'])).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: 'there is no UEFI firmware with secure boot and enrolled keys for x86_64 on this machine',
    hint: expect.stringContaining('apt-get install ovmf') as unknown,
  })
})
