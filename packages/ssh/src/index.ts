export { type AgentIdentity, agentAnswerOctets, isAgentSuccess, writeAgentIdentity } from './agent.ts'
export type {
  ReadSshTbsCertificate,
  SshCertificate,
  SshCertificateRole,
  SshOption,
  SshTbsCertificate,
} from './certificate/model.ts'
export {
  extensionOption,
  forceCommandOption,
  inOrder,
  SSH_EXTENSIONS,
  type SshExtensionName,
  sourceAddressOption,
  verifyRequiredOption,
} from './certificate/option.ts'
export { readSshCertificate, readSshTbsCertificate } from './certificate/read.ts'
export { checkToSign, writeSshCertificate, writeSshTbsCertificate } from './certificate/write.ts'
export { SSH_ERRORS, SshError, type SshErrorCode } from './error.ts'
export { formatFingerprint, parseFingerprint } from './key/fingerprint.ts'
export {
  type AuthorizedKey,
  type AuthorizedKeyOption,
  formatAuthorizedKey,
  formatKeyLine,
  type KeyLine,
  parseAuthorizedKey,
  parseKeyLine,
} from './key/line.ts'
export {
  KEY_TYPES,
  readSshPublicKey,
  type SshCurve,
  type SshKeyType,
  type SshPublicKey,
  sshKeyTypeOf,
  writeSshPublicKey,
} from './key/public-key.ts'
export {
  type KeyRevocationList,
  KRL_LIMITS,
  type KrlLimits,
  type NewKeyRevocationList,
  type RevokedSshCertificates,
  type SerialRange,
} from './krl/model.ts'
export { readKeyRevocationList } from './krl/read.ts'
export { type HashOctets, revocationOf, type SshRevocation } from './krl/revoked.ts'
export { writeKeyRevocationList } from './krl/write.ts'
export {
  type CheckSshSignature,
  readSshSignature,
  SSH_SIGNATURE_ALGORITHMS,
  type SshSignature,
  type SshSignatureAlgorithm,
  sshSignatureAlgorithmsOf,
  writeSshSignature,
} from './signature.ts'
export {
  parseSshMessageSignature,
  readSshMessageSignature,
  SSH_MESSAGE_HASHES,
  type SshMessageHash,
  type SshMessageSignature,
  sshMessageInput,
  writeSshMessageSignature,
} from './sshsig.ts'
export {
  closeWire,
  openString,
  openWire,
  readBoolean,
  readByte,
  readMpint,
  readName,
  readNameList,
  readString,
  readText,
  readUint32,
  readUint64,
  type WireCursor,
} from './wire/read.ts'
export {
  writeBoolean,
  writeMpint,
  writeNameList,
  writeString,
  writeText,
  writeUint32,
  writeUint64,
} from './wire/write.ts'
