// What to do next, for whoever may read it: the party that presented a credential, the one that it was shown to, or neither.

/** From where a credential is looked at. `file`: at a desk, without a meeting. */
export type Presenter = 'caller' | 'callee' | 'file'

/** The name of one next step. */
export type NextStep =
  | 'new'
  | 'other'
  | 'renew'
  | 'name'
  | 'purpose'
  | 'status'
  | 'clock'
  | 'fewer'
  | 'issuers'
  | 'key'
  | 'authority'

/** Every next step about a credential, as an imperative. */
export const NEXT_STEPS: Readonly<Record<NextStep, Readonly<Record<Presenter, string>>>> = {
  new: {
    caller: 'ask your administrator for a new invitation',
    callee: 'do not go on; tell the operator of the server',
    file: 'ask the authority that issued it for another one',
  },
  other: {
    caller: 'choose the certificate that this authority issued to you',
    callee: 'do not go on; check the address and the trust file, then tell the operator of the server',
    file: 'check that the certificate and the anchor belong together',
  },
  renew: {
    caller: 'renew it, or ask your administrator for a new invitation',
    callee: 'do not go on; tell the operator of the server',
    file: 'renew it with the authority that issued it (`countersign enroll --keep` does so in time)',
  },
  name: {
    caller: 'choose the certificate that carries the expected name',
    callee: 'check the address that you typed',
    file: 'ask for a name that it carries, or ask its authority for one with this name',
  },
  purpose: {
    caller: 'choose the certificate that this authority issued to you',
    callee: 'do not go on; check the address and the trust file, then tell the operator of the server',
    file: 'ask for the purpose that it is for (--purpose), or ask its authority for one with this purpose',
  },
  status: {
    caller: 'tell the operator of this door; its revocation list is missing or has expired',
    callee: 'refresh your revocation lists (enroll again, or let `countersign enroll --keep` run)',
    file: 'get the current revocation list of its issuer and give it with --crl',
  },
  clock: {
    caller: 'check the clocks on both sides',
    callee: 'check the clocks on both sides',
    file: 'check the clock, or the time that was asked about (--at)',
  },
  fewer: {
    caller: 'send only the certificate and its issuers',
    callee: 'send only the certificate and its issuers',
    file: 'give only the certificate and its issuers',
  },
  issuers: {
    caller: 'choose the certificate that this authority issued to you, and send its issuers with it',
    callee: 'do not go on; check the address and the trust file, then tell the operator of the server',
    file: 'give the certificates of its issuers too, and check that the anchor is theirs',
  },
  key: {
    caller: 'ask your administrator for a new invitation, and enroll with a P-256 key',
    callee: 'do not go on; tell the operator of the server',
    file: 'make a new key (P-256), and ask its authority for a certificate for it',
  },
  /** What is at fault is an issuer's own certificate, which no party can mend. */
  authority: {
    caller: 'tell the operator of the authority that issued it; a new one from the same issuer is refused too',
    callee: 'do not go on; tell the operator of the server that its authority needs a new certificate',
    file: 'tell the operator of the authority; all that this issuer signed is refused for it',
  },
}
