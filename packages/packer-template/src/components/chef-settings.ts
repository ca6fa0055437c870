import type { ChefOptions } from '@imago/provisioner-chef'

import { currentText, currentTexts } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext, Composed } from '../mapping/table.ts'
import type { FieldTable } from '../text/field-table.ts'
import type { KnownField } from '../text/fold-fields.ts'
import { code, joined, textExpression } from '../typescript/expression.ts'
import { chefConfig, optionField, textField } from './chef-config.ts'
import type { GivenInstallation } from './chef-install.ts'
import { licenseOf } from './chef-install.ts'

type Settings = Pick<Composed<ChefOptions>, 'config' | 'stagingDirectory'>

interface GivenSolo extends GivenInstallation {
  readonly staging_directory?: Model<string>
  readonly cookbook_paths?: Model<readonly string[]>
  readonly remote_cookbook_paths?: Model<readonly string[]>
}

/** The settings of `chef-solo`, and where it finds what they name. */
export function soloSettings(given: GivenSolo, ctx: ComponentContext): Settings {
  const staging = stagingOf(given.staging_directory, '/tmp/packer-chef-solo', ctx)
  const has = (option: string): boolean => optionField(option, ctx).value !== ''
  const path = (option: string, name: string): KnownField => (has(option) ? below(staging, name) : textField(''))
  const remote = currentTexts(given.remote_cookbook_paths ?? []).map((folder) => textField(folder))
  const local = currentTexts(given.cookbook_paths ?? []).map((_, index) => below(staging, `cookbooks/${index}`))
  const paths = {
    RolesPath: path('roles_path', 'roles'),
    DataBagsPath: path('data_bags_path', 'data-bags'),
    EnvironmentsPath: path('environments_path', 'environments'),
    EncryptedDataBagSecretPath: path('encrypted_data_bag_secret_path', 'data-bag-secret'),
    CookbookPaths: quotedList([...remote, ...local]),
  }
  const known = {
    ...paths,
    ...common(given, ctx),
    HasRolesPath: textField(has('roles_path')),
    HasDataBagsPath: textField(has('data_bags_path')),
    HasEnvironmentsPath: textField(has('environments_path')),
    HasEncryptedDataBagSecretPath: textField(has('encrypted_data_bag_secret_path')),
  }
  const found = chefConfig({ known, late: {}, staged: Object.keys(paths) }, ctx)
  return withStaging(found, given.staging_directory, staging)
}

interface GivenClient extends GivenInstallation {
  readonly staging_directory?: Model<string>
}

/** What a node is called that has no name. */
const nodeName: FieldTable = {
  NodeName: {
    read: ({ runId, buildName }) => `imago-${runId}-${buildName}`,
    code: joined([textExpression('imago-'), code('facts.runId'), textExpression('-'), code('facts.buildName')]),
  },
}

/** The settings of `chef-client`, and where it finds what they name. */
export function clientSettings(given: GivenClient, ctx: ComponentContext): Settings {
  const staging = stagingOf(given.staging_directory, '/tmp/packer-chef-client', ctx)
  const option = (name: string): KnownField => optionField(name, ctx)
  const has = (name: string): boolean => option(name).value !== ''
  const path = (name: string, file: string): KnownField => (has(name) ? below(staging, file) : textField(''))
  const paths = {
    ...(!has('client_key') && { ClientKey: below(staging, 'client.pem') }),
    ValidationKeyPath: path('validation_key_path', 'validation.pem'),
    EncryptedDataBagSecretPath: path('encrypted_data_bag_secret_path', 'data-bag-secret'),
  }
  const known = {
    ClientKey: option('client_key'),
    ...paths,
    ...common(given, ctx),
    ...(has('node_name') && { NodeName: option('node_name') }),
    ServerUrl: option('server_url'),
    PolicyName: option('policy_name'),
    PolicyGroup: option('policy_group'),
    SslVerifyMode: option('ssl_verify_mode'),
    TrustedCertsDir: option('trusted_certs_dir'),
    ValidationClientName: option('validation_client_name'),
  }
  const found = chefConfig({ known, late: nodeName, staged: Object.keys(paths) }, ctx)
  return withStaging(found, given.staging_directory, staging)
}

function common(given: GivenInstallation, ctx: ComponentContext): Readonly<Record<string, KnownField>> {
  const license = optionField('chef_license', ctx)
  return {
    ChefEnvironment: optionField('chef_environment', ctx),
    ChefLicense: license.value === '' ? textField(currentText(licenseOf(given, ctx)) ?? '') : license,
  }
}

/** Paths in settings need a staging directory whose path is known. */
function withStaging(found: ReturnType<typeof chefConfig>, given: Model<string> | undefined, staging: KnownField): Settings {
  const directory = given ?? (found?.namesStaging === true ? String(staging.value) : undefined)
  return { ...(directory !== undefined && { stagingDirectory: directory }), ...(found !== undefined && { config: found.config }) }
}

function stagingOf(given: Model<string> | undefined, usual: string, ctx: ComponentContext): KnownField {
  return given === undefined ? textField(usual) : optionField('staging_directory', ctx)
}

function below(staging: KnownField, name: string): KnownField {
  return { nodes: [...staging.nodes, { kind: 'text', text: `/${name}` }], value: `${String(staging.value)}/${name}` }
}

/** Texts of Ruby between commas. */
function quotedList(fields: readonly KnownField[]): KnownField {
  const [comma, quote] = [textField(','), textField('"')]
  const parts = fields.flatMap((field, index) => [...(index === 0 ? [] : [comma]), quote, field, quote])
  return { nodes: parts.flatMap(({ nodes }) => nodes), value: parts.map(({ value }) => String(value)).join('') }
}
