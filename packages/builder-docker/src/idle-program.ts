import { ImagoError } from '@imago/core'

/**
 * A program that does nothing, for containers whose image has no shell to wait in: it removes its own file, so that no image ever holds
 * it, asks the kernel to reap the container's orphans, and sleeps for ever.
 * @throws ImagoError `UNSUPPORTED` for processors that it is not written for
 */
export function idleProgram(architecture: string): Uint8Array {
  const program = programs.get(architecture)
  if (program !== undefined) return elf(program.machine, Buffer.from(program.code, 'hex'))
  throw new ImagoError('UNSUPPORTED', `an image for ${architecture} without a shell cannot be kept running`, {
    hint: `name a shell of the image with the option shell, or build for one of ${[...programs.keys()].join(', ')}`,
  })
}

interface MachineProgram {
  /** `e_machine` of the ELF header. */
  readonly machine: number
  /** Instructions, in hex. */
  readonly code: string
}

/** `unlink(argv[0]); sigaction(SIGCHLD, SIG_IGN); for (;;) pause()` */
const programs: ReadonlyMap<string, MachineProgram> = new Map([
  [
    'amd64',
    {
      machine: 62,
      code: [
        '488b7c2408 6a5758 0f05', //                              mov rdi,[rsp+8]; rax = 87 unlink; syscall
        '6a00 6a00 6a00 6a01 4889e6', //                          { SIG_IGN, 0, 0, 0 } on the stack; mov rsi,rsp
        '6a115f 31d2 6a08415a 6a0d58 0f05', //                    rdi = 17 SIGCHLD; rdx = 0; r10 = 8; rax = 13 rt_sigaction; syscall
        '6a2258 0f05 ebf9', //                                    rax = 34 pause; syscall; jmp back
      ]
        .join('')
        .replaceAll(' ', ''),
    },
  ],
  [
    'arm64',
    {
      machine: 183,
      code: [
        '600c8092 e10740f9 020080d2 680480d2 010000d4', //        x0 = AT_FDCWD; x1 = argv[0]; x2 = 0; x8 = 35 unlinkat; svc
        'ff8300d1 290080d2 e97f00a9 ff7f01a9', //                 { SIG_IGN, 0, 0, 0 } on the stack
        '200280d2 e1030091 020080d2 030180d2 c81080d2 010000d4', // x0 = 17 SIGCHLD; x1 = sp; x2 = 0; x3 = 8; x8 = 134 rt_sigaction; svc
        '000080d2 010080d2 020080d2 030080d2 040080d2 280980d2 010000d4 f9ffff17', // x0 to x4 = 0; x8 = 73 ppoll; svc; b back
      ]
        .join('')
        .replaceAll(' ', ''),
    },
  ],
])

const headerSize = 64
const segmentHeaderSize = 56
const loadAddress = 0x40_0000n

/** An ELF executable of one segment that is its own header and the code (elf(5), 64 bits, little-endian). */
function elf(machine: number, code: Uint8Array): Uint8Array {
  const codeStart = headerSize + segmentHeaderSize
  const size = BigInt(codeStart + code.length)
  const header = Buffer.alloc(codeStart)
  header.write('\u007fELF\u0002\u0001\u0001', 'latin1') // 64 bits, little-endian, version 1
  header.writeUInt16LE(2, 16) // e_type: executable
  header.writeUInt16LE(machine, 18)
  header.writeUInt32LE(1, 20) // e_version
  header.writeBigUInt64LE(loadAddress + BigInt(codeStart), 24) // e_entry
  header.writeBigUInt64LE(BigInt(headerSize), 32) // e_phoff
  header.writeUInt16LE(headerSize, 52)
  header.writeUInt16LE(segmentHeaderSize, 54)
  header.writeUInt16LE(1, 56) // e_phnum
  header.writeUInt32LE(1, 64) // p_type: load
  header.writeUInt32LE(5, 68) // p_flags: read, execute
  header.writeBigUInt64LE(loadAddress, 80) // p_vaddr
  header.writeBigUInt64LE(loadAddress, 88) // p_paddr
  header.writeBigUInt64LE(size, 96) // p_filesz
  header.writeBigUInt64LE(size, 104) // p_memsz
  header.writeBigUInt64LE(0x1_0000n, 112) // p_align
  return Buffer.concat([header, code])
}
