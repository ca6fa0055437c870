import { apiError } from '../api-error.ts'
import type { Call, SsmOperations } from '../operation.ts'

/** A parameter of the Parameter Store. */
export interface StoredParameter {
  readonly type: 'String' | 'StringList' | 'SecureString'
  readonly value: string
  readonly version: number
  readonly modifiedAt: Date
  readonly seeded: boolean
}

/** The Parameter Store. Values are not encrypted, whatever their type; one of type `SecureString` is hidden where it is not asked for. */
export const parameterOperations: SsmOperations<
  'GetParameter' | 'GetParameters' | 'GetParametersByPath' | 'PutParameter' | 'DeleteParameter'
> = {
  GetParameter: {
    run({ Name = '', WithDecryption = false }, call) {
      return { Parameter: shown(Name, requireParameter(Name, call), { decrypt: WithDecryption, call }) }
    },
  },
  GetParameters: {
    run({ Names = [], WithDecryption = false }, call) {
      const found = Names.filter((name) => call.region.parameters.has(plainName(name)))
      return {
        Parameters: found.map((name) => shown(name, requireParameter(name, call), { decrypt: WithDecryption, call })),
        InvalidParameters: Names.filter((name) => !found.includes(name)),
      }
    },
  },
  GetParametersByPath: {
    run({ Path = '/', Recursive = false, WithDecryption = false }, call) {
      const prefix = Path.endsWith('/') ? Path : `${Path}/`
      const below = [...call.region.parameters].filter(
        ([name]) => name.startsWith(prefix) && (Recursive || !name.slice(prefix.length).includes('/')),
      )
      return { Parameters: below.map(([name, parameter]) => shown(name, parameter, { decrypt: WithDecryption, call })) }
    },
  },
  PutParameter: {
    check({ Name = '', Overwrite = false }, { region }) {
      if (/^\/?(?:aws|ssm)(?:\/|$)/i.test(Name)) throw apiError('AccessDeniedException', `No access to reserved parameter name: ${Name}.`)
      if (region.parameters.has(Name) && !Overwrite) {
        throw apiError(
          'ParameterAlreadyExists',
          'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
        )
      }
    },
    run({ Name = '', Value: value = '', Type: type = 'String' }, { region, now }) {
      const version = (region.parameters.get(Name)?.version ?? 0) + 1
      region.parameters.set(Name, { type, value, version, modifiedAt: new Date(now), seeded: false })
      return { Version: version, Tier: 'Standard' as const }
    },
  },
  DeleteParameter: {
    run({ Name = '' }, call) {
      requireParameter(Name, call)
      call.region.parameters.delete(Name)
      return {}
    },
  },
}

/** A name without the version or label that may follow it. */
function plainName(name: string): string {
  return name.split(':')[0] ?? name
}

/** @throws ApiError `ParameterNotFound`, `ParameterVersionNotFound` */
function requireParameter(name: string, { region }: Call): StoredParameter {
  const parameter = region.parameters.get(plainName(name))
  if (parameter === undefined) throw apiError('ParameterNotFound', '')
  const [, version] = name.split(':')
  if (version === undefined || version === String(parameter.version)) return parameter
  throw apiError('ParameterVersionNotFound', `Systems Manager could not find version ${version} of ${plainName(name)}.`)
}

function shown(
  name: string,
  { type, value, version, modifiedAt }: StoredParameter,
  { decrypt, call }: { readonly decrypt: boolean; readonly call: Call },
) {
  const isHidden = type === 'SecureString' && !decrypt
  return {
    Name: plainName(name),
    Type: type,
    Value: isHidden ? Buffer.from(`encrypted ${name} ${version}`).toString('base64') : value,
    Version: version,
    LastModifiedDate: modifiedAt,
    ARN: `arn:aws:ssm:${call.region.name}:${call.world.account}:parameter${name.startsWith('/') ? '' : '/'}${plainName(name)}`,
    DataType: 'text',
  }
}
