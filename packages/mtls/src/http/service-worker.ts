// Service workers of an application before which people sign in. One that stands at the root of the origin answers for the pages of
// signing in as well, long after the script that brought it is gone.

/** The script of a worker is asked for with this, and no page can leave it out. @see W3C Service Workers, Update */
const FIELD = 'service-worker'
/** By which an answer lets a worker stand above its own directory. */
const ALLOWED = 'service-worker-allowed'

/** Whether the script of a worker is asked for that may stand at the root: its own directory is that. @param target Path and query. */
export function isRootWorker(headers: Readonly<Record<string, unknown>>, target: string): boolean {
  const [path = ''] = target.split('?', 1)
  return headers[FIELD] !== undefined && path.lastIndexOf('/') === 0
}

/** Whether a field of an answer lets a worker stand above its own directory. @param name In lower case. */
export function liftsWorker(name: string): boolean {
  return name === ALLOWED
}
