/** Debian's Chromium, as tests and benchmarks start it. */
import { type Browser, chromium } from 'playwright-core'
import { programPath } from '../../interop/peer.ts'

const ARGUMENTS = [
  // As root, as in a container of CI, Chromium starts only without its sandbox; it opens nothing but the pages of a test.
  '--no-sandbox',
  // The list below the address bar is a page of its own, which nobody sees here, and half of what a start works.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
]

/** What is otherwise than ever. */
export interface ChromiumOptions {
  readonly args?: readonly string[]
  /** Where it finds what it trusts; absent: of whoever runs this. */
  readonly home?: string
  /** What starts it. */
  readonly program?: string
}

/** Starts it, without a window. */
export function launchChromium({ args = [], home, program }: ChromiumOptions = {}): Promise<Browser> {
  const env = { ...process.env, ...(home !== undefined && { HOME: home }) } as Record<string, string>
  const executablePath = program ?? programPath('chromium')
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...args], env })
}
