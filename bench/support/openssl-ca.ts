// `openssl ca`, the authority that is on every machine: an index in a text file, a key in a file, a process for each call.
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writePem } from '@countersign/x509'
import { newKey, requestFor } from '../../tools/testing/keys.ts'

const run = promisify(execFile)

/** An authority of `openssl ca`. */
export interface OpensslCa {
  /** Writes a PKCS#10 request for a key of its own and answers its path. */
  request(): Promise<string>
  /** Signs all of `requests` in one process. */
  sign(requests: readonly string[]): Promise<void>
}

/** Makes an authority of P-256 with the program at `openssl` in the empty folder `directory`. */
export async function openOpensslCa(openssl: string, directory: string): Promise<OpensslCa> {
  const file = (name: string) => join(directory, name)
  await mkdir(file('issued'), { recursive: true })
  await writeFile(file('index.txt'), '')
  await writeFile(
    file('ca.cnf'),
    `[ca]
default_ca = house
[house]
database = ${file('index.txt')}
rand_serial = yes
new_certs_dir = ${file('issued')}
certificate = ${file('ca.pem')}
private_key = ${file('ca.key')}
default_md = sha256
default_days = 30
policy = any
unique_subject = no
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
`,
  )
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('ca.key')]
  await run(openssl, ['req', '-x509', ...key, '-subj', '/CN=Bench', '-days', '30', '-out', file('ca.pem')])
  let made = 0
  return {
    async request() {
      const path = file(`request-${made++}.pem`)
      await writeFile(path, writePem('CERTIFICATE REQUEST', requestFor(newKey(), { commonName: `party-${made}` })))
      return path
    },
    async sign(requests) {
      await run(openssl, ['ca', '-batch', '-notext', '-config', file('ca.cnf'), '-infiles', ...requests])
    },
  }
}
