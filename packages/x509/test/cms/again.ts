// Reads a CMS message by its type and writes what was read.
import {
  readAuthEnvelopedData,
  readContentInfo,
  readEncryptedData,
  readEnvelopedData,
  readSignedData,
  writeAuthEnvelopedData,
  writeContentInfo,
  writeEncryptedData,
  writeEnvelopedData,
  writeSignedData,
} from '@countersign/x509'

export const CMS_AGAIN = {
  contentInfo: (der) => writeContentInfo(readContentInfo(der)),
  signedData: (der) => writeSignedData(readSignedData(der)),
  envelopedData: (der) => writeEnvelopedData(readEnvelopedData(der)),
  authEnvelopedData: (der) => writeAuthEnvelopedData(readAuthEnvelopedData(der)),
  encryptedData: (der) => writeEncryptedData(readEncryptedData(der)),
} as const satisfies Readonly<Record<string, (der: Uint8Array) => Uint8Array>>

export type CmsType = keyof typeof CMS_AGAIN
