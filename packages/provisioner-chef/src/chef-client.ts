import type { StagedFile } from '@imago/configuration-management'
import { agentIssues, pathInputs, withAgent } from '@imago/configuration-management'
import type { Issue, LocalInput, ProvisionContext, Provisioner, Scope, Secret, StepOptions } from '@imago/core'
import { optionSchema, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import type { ChefOptions } from './chef-options.ts'
import { chefEntries, chefInputs, optionalFileOrSecret, runListSchema } from './chef-options.ts'
import { chefAgent, products } from './chef-product.ts'
import type { KnifeOptions } from './clean-server.ts'
import { cleanServer, knifeSchema } from './clean-server.ts'
import { runChef } from './run-chef.ts'
import { attributesFile, secretFile, settingsFile, stagedSettings } from './staged-settings.ts'

/** What the node runs: a run list in an environment, or a policy of a group. */
export type NodeRun =
  | {
      /** Recipes and roles, in order. Packer: `run_list`. @default what `attributes`, or the server, say */
      readonly runList?: readonly string[]
      /** Packer: `chef_environment`. @default `_default` */
      readonly environment?: string
      readonly policyName?: never
      readonly policyGroup?: never
    }
  | {
      /** Packer: `policy_name`. */
      readonly policyName: string
      /** Packer: `policy_group`. */
      readonly policyGroup: string
      readonly runList?: never
      readonly environment?: never
    }

/** How the node proves to the server who it is. */
export type NodeIdentity =
  | {
      /** The key of the validation client, by which the node registers: a file, or the key itself. Packer: `validation_key_path`. */
      readonly validationKey?: string | Secret
      /** Packer: `validation_client_name`. @default 'chef-validator' */
      readonly validationClientName?: string
      /** Where the machine keeps the node's own key, which stays in the image. Packer: `client_key`. @default the staging directory */
      readonly remoteClientKey?: string
      readonly clientKey?: never
    }
  | {
      /** The key of a client that is registered already: a file, or the key itself. It stays registered. */
      readonly clientKey: string | Secret
      readonly validationKey?: never
      readonly validationClientName?: never
      readonly remoteClientKey?: never
    }

/** What `chefClient` takes beside the common options of steps. */
export type ChefClientOptions = ChefOptions &
  NodeRun &
  NodeIdentity & {
    /** The server, with the organisation: `https://chef.example.org/organizations/cow`. Packer: `server_url`. */
    readonly serverUrl: string
    /** Packer: `node_name`. @default a name of the run and the build */
    readonly nodeName?: string
    /** Whether the server's certificate must be valid. Packer: `ssl_verify_mode`. @default true */
    readonly verifyCertificate?: boolean
    /** A folder of this machine with certificates to trust. @default none */
    readonly trustedCertificates?: string
    /** The same in the other machine. Packer: `trusted_certs_dir`. @default none */
    readonly remoteTrustedCertificates?: string
    /** How `knife` is called, which removes the node and the client. Packer: `knife_command`. @default as Chef is */
    readonly knife?: KnifeOptions
    /** Leaves the node on the server. Packer: `skip_clean_node`. @default false */
    readonly keepNode?: boolean
    /** Leaves the client on the server. Packer: `skip_clean_client`. @default false, and true with `clientKey` */
    readonly keepClient?: boolean
    /** When a recipe wants the machine restarted (exit codes 35 and 37): the step fails, or goes on. @default 'fail' */
    readonly onReboot?: 'fail' | 'ignore'
  }

const schema = v.strictObject({
  ...chefEntries,
  serverUrl: v.pipe(v.string(), v.url('must be a URL')),
  nodeName: v.optional(optionSchema.text),
  runList: runListSchema,
  environment: v.optional(optionSchema.text),
  policyName: v.optional(optionSchema.text),
  policyGroup: v.optional(optionSchema.text),
  validationKey: optionalFileOrSecret,
  validationClientName: v.optional(optionSchema.text),
  remoteClientKey: v.optional(optionSchema.text),
  clientKey: optionalFileOrSecret,
  verifyCertificate: v.optional(v.boolean()),
  trustedCertificates: v.optional(optionSchema.text),
  remoteTrustedCertificates: v.optional(optionSchema.text),
  knife: v.optional(knifeSchema),
  keepNode: v.optional(v.boolean()),
  keepClient: v.optional(v.boolean()),
  onReboot: v.optional(v.picklist(['fail', 'ignore'])),
})

/**
 * Runs Chef in the machine with the recipes of a server. Keys are private files that are gone when it is over, the node's own among
 * them; the node and its client are removed from the server by `knife`, where the machine has it.
 *
 * Fails with `COMMAND_FAILED` and Chef's own exit code when it does not register, a recipe does not compile or a resource fails (it is named),
 * with `TOOL_MISSING` when there is no Chef and `install` brings none, and with `INPUT_MISSING` when a file is gone.
 * @example chefClient({ serverUrl: 'https://chef.example.org/organizations/cow', validationKey: 'validation.pem', runList: ['nginx'] })
 */
export function chefClient<const N extends string = never>(options: ChefClientOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as ChefClientOptions // what is left when the common options are gone
  return {
    kind: 'provisioner',
    type: 'chef-client',
    ...common,
    options: own,
    title: typeof own.serverUrl === 'string' ? `chef-client of ${own.serverUrl}` : 'chef-client',
    validate: () => [...optionSchema.schemaIssues(schema, own), ...agentIssues(own), ...exclusiveIssues(own)],
    inputs: () => inputs(own),
    platform: 'posix',
    cacheable: { never: 'the server may say something else than it did' },
    provision: async (ctx) => await run(own, ctx),
  }
}

type Parts = Partial<Record<keyof ChefClientOptions, unknown>>

function exclusiveIssues(options: Parts): readonly Issue[] {
  const has = (name: keyof ChefClientOptions): boolean => options[name] !== undefined
  const pairs = [
    ['policyName', 'runList'],
    ['policyName', 'environment'],
    ['clientKey', 'validationKey'],
    ['clientKey', 'validationClientName'],
    ['clientKey', 'remoteClientKey'],
    ['trustedCertificates', 'remoteTrustedCertificates'],
  ] as const
  const lonely = has('policyName') === has('policyGroup') ? [] : [has('policyName') ? 'policyGroup' : 'policyName']
  return [
    ...pairs
      .filter(([first, second]) => has(first) && has(second))
      .map(([first, second]) => ({ path: [second], message: `${first} and ${second} exclude each other` })),
    ...lonely.map((name) => ({ path: [name], message: 'is required: a policy has a name and a group' })),
  ]
}

function inputs(options: Parts): readonly LocalInput[] {
  const { validationKey, clientKey, trustedCertificates } = options
  return [
    ...pathInputs('validationKey', validationKey, 'file'),
    ...pathInputs('clientKey', clientKey, 'file'),
    ...pathInputs('trustedCertificates', trustedCertificates, 'directory'),
    ...chefInputs(options),
  ]
}

async function run(options: ChefClientOptions, ctx: ProvisionContext): Promise<void> {
  const { product = 'chef', onReboot = 'fail', nodeName = `imago-${ctx.runId}-${ctx.build}` } = options
  const job = { agent: chefAgent(product, 'client'), options, files: stagedFiles(options, nodeName, ctx) }
  await withAgent(job, ctx, async (ready) => {
    const config = ['--config', `${ready.directory}/${settingsFile}`]
    const args = [...config, '--json-attributes', `${ready.directory}/${attributesFile}`]
    const what = products[product].client
    const rebootHint = "restart the machine in a step of its own and run Chef again, or go on with onReboot: 'ignore'"
    try {
      await runChef(ready, { what, args, onReboot, rebootHint }, options, ctx)
    } finally {
      await cleanServer(ready, options, { nodeName, config }, ctx)
    }
  })
}

function stagedFiles(options: ChefClientOptions, nodeName: string, ctx: ProvisionContext): readonly StagedFile[] {
  const { serverUrl, runList, environment, policyName, policyGroup, validationKey, clientKey, verifyCertificate, trustedCertificates } =
    options
  const settings = (directory: string) => ({
    chef_server_url: serverUrl,
    node_name: nodeName,
    client_key: options.remoteClientKey ?? `${directory}/client.pem`,
    validation_key: validationKey === undefined ? undefined : `${directory}/validation.pem`,
    validation_client_name: validationKey === undefined ? undefined : (options.validationClientName ?? 'chef-validator'),
    environment,
    policy_name: policyName,
    policy_group: policyGroup,
    ssl_verify_mode: { ruby: verifyCertificate === false ? ':verify_none' : ':verify_peer' },
    trusted_certs_dir: trustedCertificates === undefined ? options.remoteTrustedCertificates : `${directory}/trusted`,
  })
  return [
    ...(trustedCertificates === undefined ? [] : [{ to: 'trusted', path: trustedCertificates }]),
    ...stagedSettings({ options, runList, settings }, ctx),
    ...secretFile('validation.pem', validationKey),
    ...secretFile('client.pem', clientKey),
  ]
}
