/** What Node is told where the command is started: the first line of `packages/countersign/bin.js`, and `npm start`. */
export const AS_STARTED: readonly string[] = ['--max-semi-space-size=8', '--heap-growing-percent=300']
