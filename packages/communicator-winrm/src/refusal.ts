import { ImagoError } from '@imago/core'

import type { HttpAnswer } from './http-channel.ts'

/** Who was refused. */
export interface Refused {
  readonly auth: 'basic' | 'ntlm'
  readonly user: string
  readonly target: string
  /** Whether everybody on the way could have read it. */
  readonly isPlain: boolean
}

const allowBasic = 'winrm set winrm/config/service/auth @{Basic="true"}'
const allowPlain = 'winrm set winrm/config/service @{AllowUnencrypted="true"}'

/** Why a machine does not let us in: `UNSUPPORTED` when it takes no logins of our kind, else `AUTHENTICATION_FAILED`. */
export function refusal({ headers }: HttpAnswer, { auth, user, target, isPlain }: Refused): ImagoError {
  const offers = [...(headers['www-authenticate'] ?? '').matchAll(/(?:^|,)\s*([A-Za-z]+)/g)].map(([, name = '']) => name)
  const isOffered = offers.some((offer) => (auth === 'basic' ? /^basic$/i : /^(?:negotiate|ntlm)$/i).test(offer))
  if (!isOffered) {
    const others = offers.length === 0 ? 'and says of no other' : `but ${offers.join(', ')}`
    return new ImagoError('UNSUPPORTED', `WinRM of ${target} takes no logins with ${auth === 'basic' ? 'Basic' : 'NTLM'}, ${others}`, {
      hint:
        auth === 'basic'
          ? `use auth: 'ntlm', or run in the machine: ${allowBasic}`
          : 'run in the machine: winrm set winrm/config/service/auth @{Negotiate="true"}',
    })
  }
  const maybe =
    auth === 'basic' && isPlain
      ? `; a machine that wants encryption refuses Basic over HTTP: use auth: 'ntlm' or tls, or run in the machine: ${allowPlain}`
      : ''
  return new ImagoError('AUTHENTICATION_FAILED', `WinRM of ${target} refuses the login of '${user}'`, {
    hint: `check user and password${maybe}`,
  })
}
