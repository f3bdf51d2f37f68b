// Every way in which the door for VPN says no, beside the gate and the policy: rows of the table of refusals.

/** Clause, fault, step, what the caller reads, and what to do next. */
export const VPN_REFUSALS = {
  ERR_VPN_ADDRESSES: [
    'local limit',
    'operator',
    6,
    'this door has no address left for another caller',
    'try again later, or tell the operator: network has too few addresses',
  ],
  ERR_VPN_NAME: [
    'local policy',
    'caller',
    5,
    'the user name is not the one of your certificate',
    'use the name that is in your certificate, or the certificate of your account',
  ],
  ERR_VPN_PROOF: [
    'local policy',
    'caller',
    4,
    'this door asks for more than you have shown',
    'ask the operator for the profile of this door (countersign vpn profile)',
  ],
  ERR_VPN_KEYS: [
    'local policy',
    'caller',
    5,
    'whoever renews the keys of this session is not who opened it',
    'connect again, with what you have connected with',
  ],
  ERR_VPN_ENGINE: [
    'local',
    'operator',
    6,
    'the engine of this door ended, and was started again',
    'connect again; most programs do by themselves',
  ],
  ERR_VPN_CLIENT: [
    'local limit',
    'caller',
    4,
    'what your program says of itself cannot be read',
    'use a stock client of OpenVPN 2.6, without settings of your own (setenv)',
  ],
} as const
