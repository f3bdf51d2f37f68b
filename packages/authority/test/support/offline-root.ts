// A root that is elsewhere: OpenSSL, with its own files, its own list, and nothing of ours.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { file, folder, openssl } from '../../../../interop/openssl.ts'

let count = 0

/** A root of OpenSSL's. */
export interface OfflineRoot {
  /** Path and PEM of its certificate. */
  readonly path: string
  readonly pem: string
  /** Hexadecimal, as `openssl x509 -fingerprint` has it, without colons. */
  readonly sha256: string
  /** Signs a request with these extensions in place of what makes an authority. Answers PEM. */
  sign(request: string, extensions?: string, more?: readonly string[]): string
  /** Its next list, which names these certificates (PEM). Answers PEM. */
  list(revoked?: readonly string[], more?: readonly string[]): string
}

export const AUTHORITY = 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n'

/** Makes one. */
export function offlineRoot(name: string, extensions: string = AUTHORITY.replace(',pathlen:0', '')): OfflineRoot {
  const id = `${name}-${++count}`
  const [key, path] = [join(folder, `${id}.key`), join(folder, `${id}.pem`)]
  const config = file(
    `${id}.cnf`,
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${folder}/${id}.txt\ncrlnumber=${folder}/${id}.crlnumber\n` +
      'default_md=sha256\ndefault_crl_days=30\ncrl_extensions=crl\n' +
      '[crl]\nauthorityKeyIdentifier=keyid\n[req]\ndistinguished_name=dn\n[dn]\n' +
      `[root]\nsubjectKeyIdentifier=hash\n${extensions}`,
  )
  file(`${id}.txt`, '')
  file(`${id}.crlnumber`, '01\n')
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key)
  const common = ['-config', config, '-extensions', 'root', '-days', '3650', '-sha256']
  openssl('req', '-new', '-x509', '-key', key, '-out', path, '-subj', `/O=Corporate/CN=${name}`, ...common)
  const fingerprint = openssl('x509', '-in', path, '-noout', '-fingerprint', '-sha256')
  const signer = ['-config', config, '-keyfile', key, '-cert', path]
  return {
    path,
    pem: readFileSync(path, 'utf8'),
    sha256: (fingerprint.split('=')[1] ?? '').replaceAll(':', '').trim().toLowerCase(),
    sign(request, wanted = AUTHORITY, more = ['-days', '1000', '-sha256']) {
      const asked = file(`${id}.csr`, request)
      const written = file(`${id}.ext`, `authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n${wanted}`)
      const out = join(folder, `${id}-signed.pem`)
      openssl(
        'x509',
        '-req',
        '-in',
        asked,
        '-CA',
        path,
        '-CAkey',
        key,
        '-CAcreateserial',
        '-extfile',
        written,
        '-out',
        out,
        ...more,
      )
      return readFileSync(out, 'utf8')
    },
    list(revoked = [], more = []) {
      for (const pem of revoked)
        openssl('ca', ...signer, '-revoke', file(`${id}-revoked.pem`, pem), '-crl_reason', 'keyCompromise')
      const out = join(folder, `${id}.crl.pem`)
      openssl('ca', ...signer, '-gencrl', '-out', out, ...more)
      return readFileSync(out, 'utf8')
    },
  }
}
