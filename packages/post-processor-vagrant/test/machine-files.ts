import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { packEntries } from '@imago/tar'

import { noise } from '../../../test/noise.ts'

/** What VirtualBox writes about a machine, as far as a box needs it. */
export function description(disk: string): string {
  return `<?xml version="1.0"?>
<Envelope ovf:version="1.0" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:vbox="http://www.virtualbox.org/ovf/machine">
  <References>
    <File ovf:id="file1" ovf:href="${disk}"/>
  </References>
  <!-- <Adapter slot="0" MACAddress="000000000000"/> -->
  <VirtualSystem ovf:id="cow">
    <OperatingSystemSection ovf:id="96">
      <vbox:OSType ovf:required="false">Debian12_64</vbox:OSType>
    </OperatingSystemSection>
    <vbox:Machine ovf:required="false" version="1.19-linux" name="cow" OSType="Debian12_64">
      <Hardware>
        <Network>
          <Adapter slot="1" enabled="true" MACAddress="080027222222" type="82540EM"/>
          <Adapter slot="0" enabled="true" MACAddress="080027D14C66" type="82540EM"/>
        </Network>
      </Hardware>
    </vbox:Machine>
  </VirtualSystem>
</Envelope>
`
}

/** The least that is a disk image in qcow2: its header, and some content. */
export function qcow2(virtualSize: number, { backingFile = 0 } = {}): Buffer {
  const header = Buffer.alloc(104)
  header.write('QFI\xfb', 0, 'latin1')
  header.writeUInt32BE(3, 4)
  header.writeBigUInt64BE(BigInt(backingFile), 8)
  header.writeBigUInt64BE(BigInt(virtualSize), 24)
  return Buffer.concat([header, noise(3_000_000)])
}

/** What stands for the disk of a machine that VirtualBox exported. */
export const vmdk: Buffer = noise(5_000_000)

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** An OVF, with a disk and a manifest beside it: `cow.ovf`, `cow-disk001.vmdk`, `cow.mf`. */
export async function makeOvf(folder: string): Promise<readonly string[]> {
  const ovf = Buffer.from(description('cow-disk001.vmdk'))
  const manifest = `SHA256 (cow.ovf) = ${sha256(ovf)}\nSHA256 (cow-disk001.vmdk) = ${sha256(vmdk)}\n`
  const contents: Readonly<Record<string, string | Uint8Array>> = { 'cow.ovf': ovf, 'cow-disk001.vmdk': vmdk, 'cow.mf': manifest }
  for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content)
  return Object.keys(contents).map((name) => join(folder, name))
}

/** The same in one file, `cow.ova`. */
export async function makeOva(folder: string): Promise<string> {
  const common = { type: 'file', mode: 0o640, uid: 0, gid: 0, mtime: 1_700_000_000 } as const
  const entries = (await makeOvf(folder)).map(async (path) => {
    const content = await readFile(path)
    await rm(path)
    return { ...common, name: path.slice(folder.length + 1), size: content.length, content }
  })
  const path = join(folder, 'cow.ova')
  await pipeline(packEntries(await Promise.all(entries)), createWriteStream(path))
  return path
}
