import { DerError } from '../der/error.ts'
import { X509Error } from '../error.ts'
import { escapeText } from '../escape.ts'
import type { GeneralName } from '../model.ts'
import { formatName } from './format.ts'
import { formatIpAddress } from './ip-address.ts'
import { readSmtpUTF8Mailbox } from './smtp-utf8-mailbox.ts'

/**
 * Writes a general name for people, as in `DNS:a.example`. Odd text stands in quotes with escapes, so that a value
 * cannot pass for two (CVE-2021-44532) nor write on a terminal.
 */
export function formatGeneralName(name: GeneralName): string {
  switch (name.kind) {
    case 'dNSName':
      return `DNS:${quoteOdd(name.value)}`
    case 'uniformResourceIdentifier':
      return `URI:${quoteOdd(name.value)}`
    case 'rfc822Name':
      return `email:${quoteOdd(name.value)}`
    case 'iPAddress':
      return `IP:${formatIpAddress(name.octets)}`
    case 'directoryName':
      return `DN:${JSON.stringify(formatName(name.value))}`
    case 'registeredID':
      return `OID:${name.value}`
    case 'otherName': {
      const mailbox = mailboxIn(name)
      return mailbox === undefined
        ? `otherName:${name.typeId}:#${name.value.toHex()}`
        : `SmtpUTF8Mailbox:${quoteOdd(mailbox)}`
    }
    case 'x400Address':
    case 'ediPartyName':
      return `${name.kind}:#${name.der.toHex()}`
  }
}

/** Undefined where it is none, or breaks its clause: then its octets are shown. */
function mailboxIn(name: GeneralName): string | undefined {
  try {
    return readSmtpUTF8Mailbox(name)
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}

/** A plain value as it is; one with anything that separates, quotes or is not printable ASCII in quotes. */
function quoteOdd(text: string): string {
  return /^[!#-+\--[\]-~]+$/.test(text) ? text : `"${escapeText(text.replaceAll(/["\\]/g, '\\$&'))}"`
}
