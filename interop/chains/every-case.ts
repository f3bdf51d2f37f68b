// Every chain that stands for one rule.
import type { Case } from './chain.ts'
import { CONSTRAINT_CASES } from './constraint-cases.ts'
import { CRL_CASES } from './crl-cases.ts'
import { EXTENSION_CASES } from './extension-cases.ts'
import { FORM_CASES } from './form-cases.ts'
import { ISSUER_CASES } from './issuer-cases.ts'
import { LEAF_CASES } from './leaf-cases.ts'
import { POLICY_CASES } from './policy-cases.ts'
import { PROFILE_CASES } from './profile-cases.ts'
import { STRENGTH_CASES } from './strength-cases.ts'

export const EVERY_CASE: readonly Case[] = [
  ...FORM_CASES,
  ...ISSUER_CASES,
  ...LEAF_CASES,
  ...EXTENSION_CASES,
  ...CONSTRAINT_CASES,
  ...POLICY_CASES,
  ...PROFILE_CASES,
  ...STRENGTH_CASES,
  ...CRL_CASES,
]
