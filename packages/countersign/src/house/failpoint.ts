// Ends this process at a named moment, so that tests see what a crash there leaves behind.

/**
 * Reads `COUNTERSIGN_FAILPOINT`, as in `revoke.after-commit` or `issue.before-sign:2` (the second time).
 * Undefined where it is not set.
 */
export function failpointOf(variable: string | undefined): ((name: string) => void) | undefined {
  if (variable === undefined || variable === '') return undefined
  const [wanted, times = '1'] = variable.split(':')
  let left = Number(times)
  return (name) => {
    if (name === wanted && --left === 0) process.kill(process.pid, 'SIGKILL')
  }
}
