// Makes a kernel that has nothing to unpack of Debian's, as most of the time that an interpreted guest takes to start would be that:
//   plain-kernel.mjs VMLINUZ OUTPUT
// What is made is loaded as any Linux (Documentation/arch/x86/boot.rst) where the kernel belongs, with a page before it that turns on 64 bits
// as the kernel's own decompressor would, and gives it a seed, as the interpreted processor has no random numbers.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

const sector = 512
const page = 4096
const [, , from, to] = process.argv
const packed = readFileSync(from)
const setupLength = (packed[0x1f1] + 1) * sector
const payload = setupLength + packed.readUInt32LE(0x248)
// its length is behind it
const elf = execFileSync('lz4', ['-dc'], {
  input: packed.subarray(payload, payload + packed.readUInt32LE(0x24c) - 4),
  maxBuffer: 2 ** 28,
})

const kernelAddress = Number(elf.readBigUInt64LE(24))
// where loaders put what cannot be moved
const address = 2 ** 20
const segments = Array.from({ length: elf.readUInt16LE(56) }, (_, at) => elf.subarray(64 + at * 56, 64 + (at + 1) * 56))
  .filter((header) => header.readUInt32LE(0) === 1)
  .map((header) => ({
    at: Number(header.readBigUInt64LE(24)),
    from: Number(header.readBigUInt64LE(8)),
    length: Number(header.readBigUInt64LE(32)),
  }))
const end = Math.max(...segments.map(({ at, length }) => at + length))
const memory = Buffer.alloc(end - address)
for (const { at, from: start, length } of segments) elf.copy(memory, at - address, start, start + length)

const [gdt, seed, tables] = [0x100, 0x200, page]
Buffer.concat([
  Buffer.from([0x0f, 0x01, 0x15, ...dword(address + gdt)]), // lgdt
  Buffer.from([0xb8, ...dword(address + tables), 0x0f, 0x22, 0xd8]), // cr3: the page tables
  Buffer.from([0xb8, ...dword(0x20), 0x0f, 0x22, 0xe0]), // cr4: addresses of more than 32 bits
  Buffer.from([0xb9, ...dword(0xc0000080), 0x0f, 0x32, 0x0d, ...dword(0x100), 0x0f, 0x30]), // EFER: 64 bits
  Buffer.from([0xb8, ...dword(0x80000001), 0x0f, 0x22, 0xc0]), // cr0: paging
  Buffer.from([0xea, ...dword(kernelAddress), 0x10, 0x00]), // on, with what the loader has left in esi
]).copy(memory)
memory.writeUInt16LE(31, gdt)
memory.writeUInt32LE(address + gdt + 16, gdt + 2)
// after the null descriptor and an unused one, as Linux has them: code of 64 bits, data
memory.writeBigUInt64LE(0x00af9b000000ffffn, gdt + 16 + 16)
memory.writeBigUInt64LE(0x00cf93000000ffffn, gdt + 16 + 24)

// a SETUP_RNG_SEED
memory.writeUInt32LE(9, seed + 8)
memory.writeUInt32LE(32, seed + 12)
randomBytes(32).copy(memory, seed + 16)

// the first 4 GiB are where they are
memory.writeBigUInt64LE(BigInt(address + tables + page) | 3n, tables)
for (let gigabyte = 0; gigabyte < 4; gigabyte += 1) {
  memory.writeBigUInt64LE(BigInt(address + tables + (2 + gigabyte) * page) | 3n, tables + page + gigabyte * 8)
}
for (let large = 0; large < 2048; large += 1) memory.writeBigUInt64LE(BigInt(large * 2 ** 21) | 0x83n, tables + 2 * page + large * 8)

// the kernel clears the memory of its own that is empty at first
const used = memory.findLastIndex((byte) => byte !== 0) + 1
const setup = Buffer.from(packed.subarray(0, setupLength))
setup.writeUInt32LE(Math.ceil(used / page) * (page / 16), 0x1f4)
setup[0x234] = 0 // it cannot be moved
setup.writeUInt16LE(0, 0x236) // it is entered with 32 bits only
setup.writeUInt32LE(0, 0x248)
setup.writeUInt32LE(0, 0x24c)
setup.writeBigUInt64LE(BigInt(address + seed), 0x250)
setup.writeBigUInt64LE(BigInt(address), 0x258)
setup.writeUInt32LE(memory.length, 0x260)
writeFileSync(to, Buffer.concat([setup, memory.subarray(0, Math.ceil(used / page) * page)]))

function dword(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}
