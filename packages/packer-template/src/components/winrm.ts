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

const row = meaningless('commands go over SSH')

/** Packer's options of WinRM. That it is asked for is said of `communicator`. */
export const winrmRows: Readonly<Record<WinrmOption, MeaninglessRow>> = {
  winrm_connect_timeout: row,
  winrm_host: row,
  winrm_insecure: row,
  winrm_no_proxy: row,
  winrm_password: row,
  winrm_port: row,
  winrm_retry_interval: row,
  winrm_timeout: row,
  winrm_use_ntlm: row,
  winrm_use_ssl: row,
  winrm_username: row,
}
