import type { Tree } from '../tree/tree.ts'
import type { AgentMethods } from './agent-methods.ts'
import type { RpcClient } from './rpc.ts'

/** The tree of an agent. */
export function remoteTree(agent: RpcClient<AgentMethods>): Tree {
  return {
    applyLayer: (file, call) => agent.call('applyLayer', file, call),
    install: (entries, call) => agent.call('install', entries, call),
    writeBase: (request, call) => agent.call('writeBase', request, call),
    seal: (mountPoints, call) => agent.call('seal', mountPoints, call),
    upload: (upload, call) => agent.call('upload', upload, call),
    download: (paths, call) => agent.call('download', paths, call),
    stat: (path, call) => agent.call('stat', path, call),
    writeChanges: (request, call) => agent.call('writeChanges', request, call),
  }
}
