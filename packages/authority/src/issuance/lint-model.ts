/** One rule on what is to be signed: `check` answers what breaks it, or undefined. */
export interface Lint<Value, Expectation> {
  readonly id: string
  readonly clause: string
  /** What breaks an error is not signed; what breaks a warning is signed, and told. */
  readonly severity: 'error' | 'warning'
  readonly check: (value: Value, expected: Expectation) => string | undefined
}
