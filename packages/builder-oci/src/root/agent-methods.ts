import type { Call, Tree } from '../tree/tree.ts'
import type { HostTools } from './host-tools.ts'

/** What the sandbox of a root is made from, beside what the agent knows itself. */
export interface SandboxRequest {
  readonly root: string
  readonly places: readonly string[]
  readonly tools: HostTools
  readonly resolvConf: string
}

/** A program to run next to the root, not in it, in the user namespace. */
export interface HelperRequest {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** What the agent does. It is root of the root's user namespace, and everything it mounts is its own. */
export interface AgentMethods extends Tree {
  /** Starts the sandbox, whose first process it answers with, as this machine counts. */
  startSandbox(request: SandboxRequest, call: Call): Promise<{ readonly pid: number }>
  /** Kills every process in it. */
  stopSandbox(request: null, call: Call): Promise<void>
  /** Runs a program in mount and process namespaces of its own. What it says comes out of the agent's own standard output and error. */
  runHelper(request: HelperRequest, call: Call): Promise<{ readonly exitCode: number }>
}
