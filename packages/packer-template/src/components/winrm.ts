import type { WinrmHost } from '@imago/builder-null'
import type { Duration, Secret } from '@imago/core'

import { duration, flag, integer, text, textOrSecret } from '../mapping/coercions.ts'
import { isYes } from '../mapping/current-value.ts'
import type { Members } from '../mapping/group.ts'
import { given as whatIsGiven, surely } from '../mapping/group.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext, Composed, MeaninglessRow, Taken, TakenRow } from '../mapping/table.ts'
import { meaningless, taken } from '../mapping/table.ts'
import type { Named } from './named.ts'

/** Packer's options of WinRM connections. */
export type WinrmRows = Named<'winrm_host' | 'winrm_username', TakenRow<string>> &
  Named<'winrm_password', TakenRow<string | Secret>> &
  Named<'winrm_port', TakenRow<number>> &
  Named<'winrm_timeout', TakenRow<Duration>> &
  Named<'winrm_use_ssl' | 'winrm_insecure' | 'winrm_use_ntlm', TakenRow<boolean>> &
  Named<'winrm_no_proxy' | 'winrm_connect_timeout' | 'winrm_retry_interval', MeaninglessRow>

/** What becomes of each of them. */
export const winrmRows: WinrmRows = {
  winrm_host: taken(text),
  winrm_port: taken(integer),
  winrm_username: taken(text),
  winrm_password: taken(textOrSecret),
  winrm_timeout: taken(duration),
  winrm_use_ssl: taken(flag),
  winrm_insecure: taken(flag),
  winrm_use_ntlm: taken(flag),
  winrm_no_proxy: meaningless('connections go through no proxy', flag),
  winrm_connect_timeout: meaningless('winrm_timeout is for all attempts', duration),
  winrm_retry_interval: meaningless('the time between attempts is chosen here', duration),
}

/** What was given of {@link winrmRows}, and of those that hold for all communicators. */
export type GivenWinrm = Taken<WinrmRows> & { readonly pause_before_connecting?: Model<Duration> }

type WinrmAccess = Omit<WinrmHost, 'host' | 'communicator'>

/** The options of a WinRM connection, apart from the host and the password. */
export function winrmAccess(given: GivenWinrm, ctx: ComponentContext): Composed<Omit<WinrmAccess, 'password'>> {
  if (given.winrm_username === undefined) ctx.reports.problem(ctx, "'winrm_username' is missing")
  const members: Members<Omit<WinrmAccess, 'password'>> = {
    port: given.winrm_port,
    user: given.winrm_username,
    tls: tlsOf(given),
    auth: isYes(given.winrm_use_ntlm) ? 'ntlm' : undefined,
    timeout: given.winrm_timeout,
    pauseBeforeConnecting: given.pause_before_connecting,
  }
  return whatIsGiven(members)
}

/** The password; Packer takes it for empty where there is none. */
export function winrmPassword({ winrm_password: password }: GivenWinrm): Model<string | Secret> {
  return password === undefined ? '' : surely(password)
}

/** What is said of certificates means nothing without TLS. */
function tlsOf({ winrm_use_ssl: tls, winrm_insecure: insecure }: GivenWinrm): Model<NonNullable<WinrmAccess['tls']>> | undefined {
  return isYes(tls) && insecure !== undefined ? { insecure } : tls
}
