// What a person does whose browser showed no certificate, or not the one that opens this door.
import type { RefusalCode } from '@countersign/protocol'

/** A browser, and how it is brought to ask, in words for its user. `{host}` is the name of the door. */
export interface BrowserSteps {
  readonly name: string
  /** How a choice that the browser remembers is forgotten. */
  readonly again: string
  /** Where a certificate that was exported as PKCS#12 goes. */
  readonly import: string
}

/** How to go on for a kind of refusal. */
export interface Advice {
  readonly title: string
  readonly text: string
  /** In the order of who is most likely asking. */
  readonly browsers: readonly BrowserSteps[]
}

const CHROMIUM_IMPORT =
  'Open chrome://certificate-manager, “Your certificates”, “Import”, and choose the file that countersign export made. On Windows and macOS open the file itself.'

/** What each does was looked up in its own settings; a private window has a memory of its own in all of them. */
const BROWSERS = {
  chromium: {
    name: 'Chrome, Chromium, Brave',
    again:
      'The choice is kept until the browser ends. Type chrome://restart in the address bar; or open a private window (Ctrl+Shift+N, ⌘⇧N), which asks anew.',
    import: CHROMIUM_IMPORT,
  },
  edge: {
    name: 'Edge',
    again:
      'The choice is kept until the browser ends. Type edge://restart in the address bar; or open an InPrivate window (Ctrl+Shift+N, ⌘⇧N), which asks anew.',
    import:
      'On Windows and macOS open the file that countersign export made, and follow the wizard. On Linux: edge://certificate-manager, “Your certificates”, “Import”.',
  },
  firefox: {
    name: 'Firefox',
    again:
      'Settings, “Privacy & Security”, “View Certificates…”, “Authentication Decisions”: take out the line of {host}, then load this page again. A private window (Ctrl+Shift+P, ⌘⇧P) asks anew, too.',
    import:
      'Settings, “Privacy & Security”, “View Certificates…”, “Your Certificates”, “Import…”, and choose the file that countersign export made.',
  },
  safari: {
    name: 'Safari',
    again:
      'Quit Safari, open “Keychain Access”, look for {host}, delete the “identity preference” that stands there, and open Safari again. On an iPhone or iPad: Settings, “General”, “VPN & Device Management”, remove the profile of the wrong certificate.',
    import:
      'Open the file that countersign export made: it goes to the login keychain; on an iPhone or iPad to Settings.',
  },
} as const satisfies Record<string, BrowserSteps>
type BrowserId = keyof typeof BROWSERS

/** What to do about which refusals; where another certificate would change nothing, there is no advice. */
const ADVICE = {
  none: [
    'How to show one',
    'A browser asks which certificate to show only where it has one that fits. If it did not ask, import yours first; if it asked and you sent none, let it ask again.',
  ],
  other: [
    'How to choose another one',
    'Browsers remember what you chose. Let yours ask again, and choose the certificate that this authority issued to you.',
  ],
  newer: [
    'How to use the renewed one',
    'Import the renewed certificate, take the old one out, then let your browser ask again.',
  ],
  fresh: [
    'How to use a new one',
    'What was revoked stays revoked. With a new invitation you get another certificate: import it, take the old one out, then let your browser ask again.',
  ],
  else: [
    'How to come as somebody else',
    'If you have another certificate that is allowed here, let your browser ask again; if not, only the operator of this door can let you in.',
  ],
  anew: [
    'How to open it anew',
    'Your browser came on a connection that it had opened for another name. Load this page again; if that does not help, let it begin anew:',
  ],
} as const

const ADVICE_OF: Partial<Record<string, keyof typeof ADVICE>> = {
  ERR_CALLER_NO_CERTIFICATE: 'none',
  ERR_CALLER_MALFORMED: 'other',
  ERR_CALLER_UNKNOWN_ISSUER: 'other',
  ERR_CALLER_BAD_SIGNATURE: 'other',
  ERR_CALLER_WRONG_PURPOSE: 'other',
  ERR_CALLER_WRONG_NAME: 'other',
  ERR_CALLER_INVALID_PATH: 'other',
  ERR_CALLER_WEAK: 'other',
  ERR_CALLER_EXPIRED: 'newer',
  ERR_CALLER_REVOKED: 'fresh',
  ERR_CALLER_NOT_ALLOWED: 'else',
  ERR_POLICY_NOT_ALLOWED: 'else',
  ERR_POLICY_LOCKED: 'else',
  ERR_DOOR_MISDIRECTED: 'anew',
} satisfies Partial<Record<RefusalCode | 'ERR_DOOR_MISDIRECTED', keyof typeof ADVICE>>

/** Says how to choose again after `code`, the browser of `userAgent` first: of it only the order is taken. */
export function adviceAfter(code: RefusalCode, userAgent: string | undefined): Advice | undefined {
  const kind = ADVICE_OF[code]
  if (kind === undefined) return undefined
  const [title, text] = ADVICE[kind]
  const first = browserOf(userAgent ?? '')
  const others = Object.keys(BROWSERS).filter((id): id is BrowserId => id !== first)
  return { title, text, browsers: [first, ...others].map((id) => BROWSERS[id]) }
}

function browserOf(userAgent: string): BrowserId {
  // Edge and Chrome say that they are Safari, Edge that it is Chrome, too.
  if (/\bEdg(?:A|iOS)?\//.test(userAgent)) return 'edge'
  if (/\b(?:Firefox|FxiOS)\//.test(userAgent)) return 'firefox'
  if (/\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//.test(userAgent)) return 'chromium'
  return /\bSafari\//.test(userAgent) ? 'safari' : 'chromium'
}
