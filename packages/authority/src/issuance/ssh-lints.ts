// What every SSH certificate of ours must be, rule by rule. The expectation comes from the request, not from the builder.
import {
  checkToSign,
  type ReadSshTbsCertificate,
  SshError,
  type SshOption,
  type SshPublicKey,
  writeSshPublicKey,
} from '@countersign/ssh'
import { sameOctets, wholeSecond } from '../octets.ts'
import type { Lint } from './lint-model.ts'
import { faultOfForm } from './names.ts'
import { SSH_PROFILES } from './profiles.ts'
import type { SshContent } from './ssh-certificate.ts'

/** What was asked for. */
export type SshExpectation = Omit<SshContent, 'serial' | 'nonce'>

type SshLint = Lint<ReadSshTbsCertificate, SshExpectation>

/** Every rule, each with its clause. */
export const SSH_LINTS: readonly SshLint[] = [
  {
    id: 'ssh-to-sign',
    clause: 'PROTOCOL.certkeys',
    severity: 'error',
    check(tbs) {
      try {
        checkToSign(tbs)
        return undefined
      } catch (error) {
        if (!(error instanceof SshError)) throw error
        return error.message
      }
    },
  },
  {
    id: 'ssh-nonce',
    clause: 'draft-ietf-sshm-cert §2.1.1',
    severity: 'error',
    check: ({ nonce }) => unless(nonce.length === 32, `${nonce.length} octets`),
  },
  {
    id: 'ssh-serial',
    clause: 'local profile',
    severity: 'error',
    check: ({ serial }) => unless(serial >= 1n << 63n, 'no room for 63 random bits'),
  },
  {
    id: 'ssh-role',
    clause: 'draft-ietf-sshm-cert §2.1.1',
    severity: 'error',
    check: ({ role }, { profile }) => unless(role === SSH_PROFILES[profile].role, `is of a ${role}`),
  },
  {
    id: 'ssh-key',
    clause: 'draft-ietf-sshm-cert §2.1.1',
    severity: 'error',
    check: ({ key }, expected) => unless(sameKey(key, expected.key), 'not the key that was asked for'),
  },
  {
    id: 'ssh-key-id',
    clause: 'draft-ietf-sshm-cert §2.1.1',
    severity: 'error',
    check: ({ keyId }, { party }) => unless(keyId === party, 'not the party'),
  },
  {
    id: 'ssh-principals',
    clause: 'draft-ietf-sshm-cert §2.1.1',
    severity: 'error',
    check: ({ principals }, { identities }) =>
      unless(
        principals.length === identities.length && identities.every(({ value }, i) => principals[i] === value),
        'not exactly the names that were granted',
      ),
  },
  {
    id: 'ssh-principal-form',
    clause: 'local profile',
    severity: 'error',
    check: (_, { profile, party, identities }) => {
      const { names } = SSH_PROFILES[profile]
      const other = identities.find(({ kind }) => names[kind] === undefined)
      return other === undefined
        ? identities
            .map((one) => (one.value === party ? undefined : faultOfForm(one)))
            .find((fault) => fault !== undefined)
        : `${other.kind}: not in this profile`
    },
  },
  {
    id: 'ssh-validity',
    clause: 'draft-ietf-sshm-cert §2.1.1',
    severity: 'error',
    check: ({ validAfter, validBefore }, { profile, now }) => {
      const { lasts, backdate } = SSH_PROFILES[profile]
      const [first, last] = [wholeSecond(now.subtract(backdate)), wholeSecond(now.add(lasts))]
      const holds = validAfter !== 'always' && validBefore !== 'forever'
      return unless(holds && validAfter.equals(first) && validBefore.equals(last), `${validAfter} to ${validBefore}`)
    },
  },
  {
    id: 'ssh-critical-options',
    clause: 'draft-ietf-sshm-cert §2.4',
    severity: 'error',
    check: ({ criticalOptions }, { profile }) =>
      unless(sameOptions(criticalOptions, SSH_PROFILES[profile].criticalOptions), "not the profile's"),
  },
  {
    id: 'ssh-extensions',
    clause: 'draft-ietf-sshm-cert §2.3',
    severity: 'error',
    check: ({ extensions }, { profile }) =>
      unless(
        sameOptions(
          extensions,
          SSH_PROFILES[profile].extensions.map((name) => ({ name, data: new Uint8Array() })),
        ),
        "not the profile's",
      ),
  },
  {
    id: 'ssh-signature-key',
    clause: 'draft-ietf-sshm-cert §2.1.1',
    severity: 'error',
    check: ({ signatureKey }, expected) =>
      unless(sameKey(signatureKey, expected.signatureKey), 'not the key of the issuer'),
  },
  {
    id: 'ssh-reserved',
    clause: 'draft-ietf-sshm-cert §2.1.1',
    severity: 'error',
    check: ({ reserved }) => unless(reserved.length === 0, 'not empty'),
  },
]

function unless(holds: boolean, detail: string): string | undefined {
  return holds ? undefined : detail
}

function sameKey(one: SshPublicKey, other: SshPublicKey): boolean {
  return sameOctets(writeSshPublicKey(one), writeSshPublicKey(other))
}

function sameOptions(found: readonly SshOption[], wanted: readonly SshOption[]): boolean {
  return (
    found.length === wanted.length &&
    wanted.every(({ name, data }) => found.some((one) => one.name === name && sameOctets(one.data, data)))
  )
}
