/** Where the processor begins: 16 bytes below the end of the ROM, in real mode with the segment 0xf000. */
const resetAt = 0xfff0
const gdtAt = 0x40
const gdtPointerAt = 0x58
/** Where the ROM stands in memory. */
const base = 0xf0000

/** How QEMU ends when the ROM ran to its end: `isa-debug-exit` makes 2 n + 1 of what is written. */
export const probeExitCode = 85
/** The options of QEMU that the ROM needs. */
export const probeDevice = 'isa-debug-exit,iobase=0xf4,iosize=4'

/**
 * A BIOS of 64 KiB for PCs, which enters 32-bit mode, counts down from `count` and writes to the port of `isa-debug-exit`. Where the processor
 * really runs guests 30 million rounds take milliseconds; where each instruction is emulated by the kernel, tens of seconds.
 */
export function probeRom(count = 30_000_000): Uint8Array {
  const rom = Buffer.alloc(0x10000)
  const code = [
    [0xfa], // cli
    [0x2e, 0x66, 0x0f, 0x01, 0x16, ...word(gdtPointerAt)], // lgdtl %cs:gdtPointer
    [0x0f, 0x20, 0xc0], // movl %cr0, %eax
    [0x0c, 0x01], // orb $1, %al
    [0x0f, 0x22, 0xc0], // movl %eax, %cr0
    [0x66, 0xea, ...long(base + 24), 0x08, 0x00], // ljmpl $8, $(what comes next)
    [0xb9, ...long(count)], // movl $count, %ecx
    [0x49, 0x75, 0xfd], // 1: decl %ecx; jnz 1b
    [0x66, 0xba, 0xf4, 0x00], // movw $0xf4, %dx
    [0xb0, (probeExitCode - 1) / 2], // movb $42, %al
    [0xee], // outb %al, %dx
    [0xf4, 0xeb, 0xfd], // 2: hlt; jmp 2b
  ].flat()
  rom.set(code)
  // nothing, flat 32-bit code, flat 32-bit data
  rom.set([...segment(0x9b), ...segment(0x93)], gdtAt + 8)
  rom.set([...word(23), ...long(base + gdtAt)], gdtPointerAt)
  rom.set([0xea, ...word(0), ...word(0xf000)], resetAt) // ljmp $0xf000, $0
  return rom
}

function segment(access: number): number[] {
  return [0xff, 0xff, 0, 0, 0, access, 0xcf, 0]
}

function word(value: number): number[] {
  return [value & 0xff, value >>> 8]
}

function long(value: number): number[] {
  return [...word(value & 0xffff), ...word(value >>> 16)]
}
