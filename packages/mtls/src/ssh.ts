export { type CertifiedSshKey, certifySshKey, fetchSshStatus, type SshStatus } from './ssh/certify-key.ts'
export { checkSshMessage, checkSshSignature, sshSpki } from './ssh/signature.ts'
