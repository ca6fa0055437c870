/* The agent's process: it takes its orders from the process that started it, and ends with it. */
import { Agent } from './root/agent.ts'
import type { AgentMethods } from './root/agent-methods.ts'
import type { Message } from './root/rpc.ts'
import { serve } from './root/rpc.ts'

const [, , directory = ''] = process.argv
process.umask(0o022)
process.on('disconnect', () => process.exit())

const agent: AgentMethods = new Agent(directory)

serve(
  {
    send: (message) => process.send?.(message),
    onMessage: (listener) => process.on('message', (message) => listener(message as Message)), // nobody else sends any
  },
  agent,
)
