/** One rule on what is to be signed: `check` answers what breaks it, or undefined. */
export interface Lint<Value, Expectation> {
  readonly id: string
  readonly clause: string
  readonly check: (value: Value, expected: Expectation) => string | undefined
}
