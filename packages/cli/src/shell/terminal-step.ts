import type { Communicator, ProvisionContext, Provisioner } from '@imago/core'

import type { Terminal } from '../terminal.ts'

/** What a shell for a person needs. */
export interface TerminalStepOptions {
  readonly terminal: Terminal
  /** In cells. */
  readonly size: () => { readonly columns: number; readonly rows: number }
  /** What the terminal understands: `xterm-256color`. */
  readonly kind: string
  /** Called before the shell begins. */
  readonly onOpen: (hasTerminal: boolean) => void
  /** Called when it has ended. */
  readonly onEnd: () => void
}

/** Whether the machine has a program that gives a shell a terminal: of util-linux or busybox. */
const hasScript = 'command -v script >/dev/null 2>&1'

const findShell = 'shell=$(command -v bash || command -v sh)'

/** A step in which a person works in the machine. */
export function terminalStep(options: TerminalStepOptions): Provisioner {
  return {
    kind: 'provisioner',
    type: 'terminal',
    title: 'a shell in the machine',
    options: {},
    async provision(ctx) {
      const hasTerminal = await canHaveTerminal(ctx.machine, ctx.signal)
      options.onOpen(hasTerminal)
      try {
        await work(ctx, hasTerminal, options)
      } finally {
        options.onEnd()
      }
      ctx.signal.throwIfAborted() // what has been visited is not to become an image
    },
  }
}

async function canHaveTerminal(machine: Communicator, signal: AbortSignal): Promise<boolean> {
  return machine.platform !== 'windows' && (await machine.exec(hasScript, { signal })).exitCode === 0
}

async function work({ machine, signal, env }: ProvisionContext, hasTerminal: boolean, options: TerminalStepOptions): Promise<void> {
  const { columns, rows } = options.size()
  const posix = hasTerminal
    ? `${findShell}; export shell; exec script -qc 'stty rows ${rows} cols ${columns} 2>/dev/null; exec "$shell" -i' /dev/null`
    : `${findShell}; exec "$shell" -i 2>&1`
  using opened = options.terminal.open(hasTerminal)
  await machine.exec(machine.platform === 'windows' ? 'cmd' : posix, {
    stdin: opened.input,
    env: { ...env, TERM: options.kind },
    signal,
    onOutput: (_, chunk) => opened.write(chunk),
  })
}
