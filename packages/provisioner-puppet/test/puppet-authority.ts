import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate authority in a folder, with OpenSSL's program. */
export interface PuppetAuthority {
  /** Makes a key and a certificate for a name: `<file>.key`, `<file>.pem`. */
  issue(file: string, name: string): void
  /** What it answers to a request of Puppet's; `undefined` when there is no such thing. A request for a certificate comes with its text. */
  answer(kind: string, name: string, request: string | undefined): string | undefined
}

/** Makes an authority. */
export function makeAuthority(folder: string, { signs }: { readonly signs: boolean }): PuppetAuthority {
  const at = (name: string): string => join(folder, name)
  const openssl = (line: string): void => void execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'ignore' })
  const sign = (file: string, extension: string): void => {
    writeFileSync(at('extension'), extension)
    openssl(`x509 -req -in ${file}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ${file}.pem -days 2 -extfile extension`)
  }
  writeFileSync(at('ca.cnf'), configuration(folder))
  writeFileSync(at('index.txt'), '')
  writeFileSync(at('crlnumber'), '01\n')
  openssl('req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority -config ca.cnf -extensions v3')
  openssl('ca -config ca.cnf -gencrl -keyfile ca.key -cert ca.pem -out crl.pem')
  return {
    issue: (file, name) => {
      openssl(`req -newkey rsa:2048 -nodes -keyout ${file}.key -out ${file}.csr -subj /CN=${name} -config ca.cnf`)
      sign(file, `subjectAltName=DNS:${name}`)
    },
    answer: (kind, name, request) => {
      if (kind === 'certificate_revocation_list') return readFileSync(at('crl.pem'), 'utf8')
      if (kind === 'certificate' && name === 'ca') return readFileSync(at('ca.pem'), 'utf8')
      if (kind === 'certificate' && existsSync(at(`node-${name}.pem`))) return readFileSync(at(`node-${name}.pem`), 'utf8')
      if (kind !== 'certificate_request' || request === undefined) return undefined
      writeFileSync(at(`node-${name}.csr`), request)
      if (signs) sign(`node-${name}`, 'basicConstraints=CA:false')
      return ''
    },
  }
}

function configuration(folder: string): string {
  return `[ca]
default_ca = d
[d]
database = ${folder}/index.txt
crlnumber = ${folder}/crlnumber
default_md = sha256
default_crl_days = 2
[req]
distinguished_name = dn
[dn]
[v3]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`
}
