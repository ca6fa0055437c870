import type { StagedFile } from '@imago/configuration-management'
import { agentInputs, agentIssues, pathInputs, withAgent } from '@imago/configuration-management'
import type { Duration, Issue, LocalInput, ProvisionContext, Provisioner, Scope, StepOptions } from '@imago/core'
import { milliseconds, optionSchema, resolveFacts, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import { puppetProgram } from './puppet-program.ts'
import type { PuppetOptions } from './puppet-run.ts'
import { factEnvironment, puppetEntries, runPuppet } from './puppet-run.ts'

/** What `puppetAgent` takes beside the common options of steps. */
export interface PuppetAgentOptions extends PuppetOptions {
  /** The server. Packer: `puppet_server`. @default 'puppet' */
  readonly server?: string
  /** @default 8140 */
  readonly port?: number
  /** What the server calls the machine: its certificate's name. Packer: `puppet_node`. @default the machine's own name */
  readonly node?: string
  /** @default what the server says, else `production` */
  readonly environment?: string
  /**
   * By which key the machine is known to the server: one that is made for this step, and is gone with it; the machine's own; or one of
   * yours. @default 'temporary'
   */
  readonly identity?: 'temporary' | 'machine' | NodeCertificate
  /** The certificate of the server's authority. Without it the first that answers is believed. @default none */
  readonly caCertificate?: string
  /** How long to wait until the server has signed the machine's certificate; 0 does not wait. @default '2m' */
  readonly waitForCertificate?: Duration
}

/** The certificate and the key of a node, in folders as Puppet has them: `<node>.pem`. */
export interface NodeCertificate {
  /** Packer: `client_cert_path`. */
  readonly certificates: string
  /** Packer: `client_private_key_path`. */
  readonly privateKeys: string
}

const schema = v.strictObject({
  ...puppetEntries,
  server: v.optional(optionSchema.text),
  port: v.optional(v.pipe(v.number(), v.integer('must be a port'), v.minValue(1, 'must be a port'), v.maxValue(65_535, 'must be a port'))),
  node: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9._-]+$/, 'must be a name in lower case'))),
  environment: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9_]+$/, 'must be a name of lower case letters, digits and _'))),
  identity: v.optional(
    v.lazy((value) =>
      typeof value === 'object'
        ? v.strictObject({ certificates: optionSchema.text, privateKeys: optionSchema.text })
        : v.picklist(['temporary', 'machine']),
    ),
  ),
  caCertificate: v.optional(optionSchema.text),
  waitForCertificate: v.optional(optionSchema.duration),
})

/**
 * Runs Puppet in the machine once, with the catalog of a server. The machine's key and what the server has sent are in a directory that is
 * gone when it is over, unless `identity` is `'machine'`.
 *
 * Fails with `COMMAND_FAILED` and Puppet's own exit code when there is no catalog or a resource fails (it is named), with `TOOL_MISSING`
 * when there is no Puppet and `install` brings none, and with `INPUT_MISSING` when a file is gone.
 * @example puppetAgent({ server: 'puppet.example.org', node: 'image.example.org', environment: 'images', install: 'package' })
 */
export function puppetAgent<const N extends string = never>(options: PuppetAgentOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'provisioner',
    type: 'puppet-agent',
    ...common,
    options: own,
    title: typeof own.server === 'string' ? `puppet agent of ${own.server}` : 'puppet agent',
    validate: () => [...optionSchema.schemaIssues(schema, own), ...agentIssues(own), ...identityIssues(own)],
    inputs: () => inputs(own),
    platform: 'posix',
    cacheable: { never: 'the server may say something else than it did' },
    provision: async (ctx) => await run(own, ctx),
  }
}

type Parts = Partial<Record<keyof PuppetAgentOptions, unknown>>

function identityIssues({ identity, caCertificate }: Parts): readonly Issue[] {
  if (identity !== 'machine' || caCertificate === undefined) return []
  return [{ path: ['caCertificate'], message: "identity: 'machine' and caCertificate exclude each other", hint: 'the machine has its own' }]
}

function inputs(options: Parts): readonly LocalInput[] {
  const { identity, caCertificate } = options
  const { certificates, privateKeys }: Partial<Record<keyof NodeCertificate, unknown>> =
    typeof identity === 'object' && identity !== null ? identity : {}
  const folders = [...pathInputs('certificates', certificates, 'directory'), ...pathInputs('privateKeys', privateKeys, 'directory')]
  return [
    ...folders.map((input) => ({ ...input, at: ['identity', ...input.at] })),
    ...pathInputs('caCertificate', caCertificate, 'file'),
    ...agentInputs(options),
  ]
}

async function run(options: PuppetAgentOptions, ctx: ProvisionContext): Promise<void> {
  const { server, port, node, environment, identity = 'temporary', caCertificate, waitForCertificate = '2m', extraArguments = [] } = options
  const files: readonly StagedFile[] = [
    ...(caCertificate === undefined ? [] : [{ to: 'ssl/certs/ca.pem', path: caCertificate }]),
    ...(typeof identity === 'object' ? [{ to: 'ssl/certs', path: identity.certificates }] : []),
    ...(typeof identity === 'object' ? [{ to: 'ssl/private_keys', path: identity.privateKeys, isPrivate: true }] : []),
  ]
  const seconds = Math.ceil(milliseconds(waitForCertificate) / 1000)
  const env = factEnvironment(options, ctx)
  await withAgent({ agent: puppetProgram, options, files, env }, ctx, async (ready) => {
    const settings = {
      server,
      serverport: port,
      certname: node,
      environment,
      waitforcert: seconds === 0 ? 0 : Math.min(5, seconds),
      maxwaitforcert: seconds === 0 ? undefined : seconds,
      ...(identity !== 'machine' && { ssldir: `${ready.directory}/ssl`, vardir: `${ready.directory}/var` }),
    }
    const args = [
      '--onetime',
      '--no-daemonize',
      '--no-splay',
      '--no-usecacheonfailure',
      '--logdest=console', // else it is the system's log
      ...Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
      ...resolveFacts(extraArguments, ctx.facts),
    ]
    await runPuppet(ready, { command: 'agent', args }, options)
  })
}
