import type { Communicator } from '@imago/core'

import type { Probe, TestRunner } from './contract-bench.ts'
import { Bench } from './contract-bench.ts'
import { downloadContract } from './download-contract.ts'
import { execContract } from './exec-contract.ts'
import { execEndingContract } from './exec-ending-contract.ts'
import { execInputContract } from './exec-input-contract.ts'
import { ownerNameContract, uploadContract } from './upload-contract.ts'

/** What {@link communicatorContract} takes. */
export interface CommunicatorContractOptions extends TestRunner {
  /**
   * Opens a communicator. All that it opens lead to the same machine, which has `sh`, the usual programs (`cat`, `head`, `tr`, `stat`,
   * `readlink`, …) and `/proc`. The suite disposes of what it opens; the machine itself is the caller's.
   */
  readonly open: () => Promise<Communicator>
  /** A folder in the machine for the suite's files; it need not exist. Remove it with the machine. @default '/tmp/imago-contract' */
  readonly directory?: string
  /** Whether commands run as root, who may give files to others. @default true */
  readonly owners?: boolean
}

/** What {@link transferContract} takes. */
export interface TransferContractOptions extends CommunicatorContractOptions {
  /** Looks into the machine. @default runs `stat`, `readlink` and `cat` */
  readonly probe?: (machine: Communicator) => Probe
}

/**
 * The suite that every communicator passes: commands (exit codes, output, input, environment, cancelling) and transfers.
 * @example
 * import { afterAll, describe, test } from 'vitest'
 * communicatorContract({ describe, test, afterAll, open: () => openContainer(engine, id) })
 */
export function communicatorContract(options: CommunicatorContractOptions): void {
  const bench = new Bench({ open: options.open, directory: options.directory ?? '/tmp/imago-contract' })
  options.describe('the contract of a communicator', () => {
    options.afterAll(async () => await bench.close())
    execContract(options, bench)
    execInputContract(options, bench)
    execEndingContract(options, bench)
    if (options.owners ?? true) ownerNameContract(options, bench)
    uploadContract(options, bench, options.owners ?? true)
    downloadContract(options, bench)
  })
}

/** The part of {@link communicatorContract} on transfers, for machines that run no commands. */
export function transferContract(options: TransferContractOptions): void {
  const bench = new Bench({
    open: options.open,
    directory: options.directory ?? '/tmp/imago-contract',
    ...(options.probe !== undefined && { probe: options.probe }),
  })
  options.describe('the contract of a communicator: transfers', () => {
    options.afterAll(async () => await bench.close())
    uploadContract(options, bench, options.owners ?? true)
    downloadContract(options, bench)
  })
}
