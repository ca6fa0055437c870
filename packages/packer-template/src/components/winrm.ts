import { duration, flag, integer, text } from '../mapping/coercions.ts'
import type { MeaninglessRow } from '../mapping/table.ts'
import { meaningless } from '../mapping/table.ts'

type WinrmOption =
  | 'winrm_connect_timeout'
  | 'winrm_host'
  | 'winrm_insecure'
  | 'winrm_no_proxy'
  | 'winrm_password'
  | 'winrm_port'
  | 'winrm_retry_interval'
  | 'winrm_timeout'
  | 'winrm_use_ntlm'
  | 'winrm_use_ssl'
  | 'winrm_username'

const why = 'commands go over SSH'
const anyText = meaningless(why, text)
const anyNumber = meaningless(why, integer)
const anyFlag = meaningless(why, flag)
const anyDuration = meaningless(why, duration)

/** Packer's options of WinRM. That it is asked for is said of `communicator`. */
export const winrmRows: Readonly<Record<WinrmOption, MeaninglessRow>> = {
  winrm_connect_timeout: anyDuration,
  winrm_host: anyText,
  winrm_insecure: anyFlag,
  winrm_no_proxy: anyFlag,
  winrm_password: anyText,
  winrm_port: anyNumber,
  winrm_retry_interval: anyDuration,
  winrm_timeout: anyDuration,
  winrm_use_ntlm: anyFlag,
  winrm_use_ssl: anyFlag,
  winrm_username: anyText,
}
