import { ImagoError, milliseconds, reveal } from '@imago/core'

import type { AssumeRole, AwsAccess } from '../options/access.ts'
import type { CredentialProvider } from './aws-sdk.ts'
import { loadCredentialProviders } from './aws-sdk.ts'
import { vaultKeys } from './vault.ts'

/** Where the keys come from, as the options say; `undefined` leaves it to the SDK. */
export function credentialsOf(access: AwsAccess, region: string | undefined): CredentialProvider {
  const source = sourceOf(access)
  return access.assumeRole === undefined ? source : roleCredentials(access.assumeRole, access, source, region)
}

function sourceOf(access: AwsAccess): CredentialProvider {
  const { keys, vault, profile, credentialsFile } = access
  if (keys !== undefined) {
    const { accessKeyId, secretAccessKey, sessionToken } = keys
    return {
      accessKeyId: reveal(accessKeyId),
      secretAccessKey: reveal(secretAccessKey),
      ...(sessionToken !== undefined && { sessionToken: reveal(sessionToken) }),
    }
  }
  if (vault !== undefined) return () => vaultKeys(vault)
  const chain = {
    ...(profile !== undefined && { profile }),
    ...(credentialsFile !== undefined && { filepath: credentialsFile }),
    ...mfaProvider(access),
  }
  if (access.instanceMetadata === false) {
    const { createCredentialChain, fromContainerMetadata, fromEnv, fromIni, fromProcess, fromSSO, fromTokenFile } =
      loadCredentialProviders()
    const files = [fromIni(chain), fromSSO(chain), fromProcess(chain)]
    return createCredentialChain(...(profile === undefined ? [fromEnv()] : []), ...files, fromTokenFile(), fromContainerMetadata())
  }
  if (Object.keys(chain).length === 0) return undefined
  return loadCredentialProviders().fromNodeProviderChain(chain)
}

function roleCredentials(role: AssumeRole, access: AwsAccess, master: CredentialProvider, region: string | undefined): CredentialProvider {
  const { roleArn, duration, externalId, policy, policyArns, sessionName = 'imago', tags, transitiveTagKeys } = role
  return loadCredentialProviders().fromTemporaryCredentials({
    ...(master !== undefined && { masterCredentials: master }),
    ...(region !== undefined && { clientConfig: { region } }),
    ...mfaProvider(access),
    params: {
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      ...(duration !== undefined && { DurationSeconds: Math.round(milliseconds(duration) / 1000) }),
      ...(externalId !== undefined && { ExternalId: externalId }),
      ...(policy !== undefined && { Policy: policy }),
      ...(policyArns !== undefined && { PolicyArns: policyArns.map((arn) => ({ arn })) }),
      ...(tags !== undefined && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
      ...(transitiveTagKeys !== undefined && { TransitiveTagKeys: [...transitiveTagKeys] }),
      ...(access.mfaSerial !== undefined && { SerialNumber: access.mfaSerial }),
    },
  })
}

/** AWS takes a one-time code once: a second question means that it is used up. */
function mfaProvider({ mfaCode }: AwsAccess): { readonly mfaCodeProvider?: (serial: string) => Promise<string> } {
  if (mfaCode === undefined) return {}
  let isUsed = false
  return {
    mfaCodeProvider: (serial) => {
      if (isUsed) {
        const message = `the code of the MFA device ${serial} is used up, and the session that it opened has ended`
        return Promise.reject(new ImagoError('AUTHENTICATION_FAILED', message, { hint: 'run it again with a new code' }))
      }
      isUsed = true
      return Promise.resolve(reveal(mfaCode))
    },
  }
}
