export { checkExpectations, type Unexpected } from './expect.ts'
export { type Expression, ExpressionError, fulfils, labelsOf, readExpression } from './expression.ts'
export { formatHours, type Hours, type HoursState, hoursAt, readHours } from './hours.ts'
export { ANY, createDirectory, type Directory, NOBODY, type Presented, partyIn, spiffeIdOf } from './labels.ts'
export {
  type Caller,
  type Decision,
  type Identity,
  type NormalName,
  PARTY_KINDS,
  type Party,
  type PartyKind,
  POLICY_CODES,
  type PolicyCode,
  PROOF_KINDS,
  type Proof,
  type ProofKind,
  type Question,
  type Service,
} from './model.ts'
export { covers, type Duty, type DutyAct, dutyOf, repeatedDuties } from './must.ts'
export { compilePolicy, decide, type Policy } from './policy.ts'
export {
  type Admission,
  type Change,
  comparePolicies,
  conditionsOf,
  type Difference,
  type Idle,
  idleLocks,
  idleRules,
  whatIf,
  whoCan,
  whyNot,
} from './questions.ts'
export { type Fault, type ReadPolicy, readPolicy } from './read.ts'
export {
  type Expectation,
  formatRequirement,
  type Lock,
  type MailExpectation,
  NO_RULES,
  type Requirement,
  type Rule,
  type Rules,
} from './rule.ts'
