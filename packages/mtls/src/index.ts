export { agentFor, type ClientIdentity } from './client/agent.ts'
export { connect } from './client/connect.ts'
export { DoorRefusedError, doorRefusal } from './client/door-refused.ts'
export { type AgentClass, createFetch, type Dispatcher, dispatcherFor } from './client/fetch.ts'
export { connectHttp2 } from './client/http2.ts'
export { MeetingRefusedError, refusalOfError } from './client/refused.ts'
export { createResumptionStore } from './client/resumption.ts'
export { parseAddress } from './client/target.ts'
export {
  type ConnectedCallback,
  type UndiciConnectorOptions,
  undiciConnector,
  type WantedConnection,
} from './client/undici.ts'
export { type DirectoryAt, type WebFetch, webFetch } from './client/web-fetch.ts'
export {
  KEY_ALGORITHMS,
  type KeyAlgorithm,
  keyAlgorithmOf,
  keyAlgorithmOfSpki,
  makeKey,
  signatureAlgorithmOf,
  signWithKey,
} from './crypto/key-algorithm.ts'
export { type PerformerKeys, performWith } from './crypto/perform.ts'
export {
  type CertifiedOpenPgpKey,
  type FoundMailKeys,
  type FoundOpenPgpKey,
  type FoundOpenPgpKeys,
  readMailKeys,
  writeMailKeys,
} from './enroll/answer.ts'
export { askTimeStamp } from './enroll/ask-time-stamp.ts'
export { certifyOpenPgpKey } from './enroll/certify-openpgp-key.ts'
export { expiringAt } from './enroll/due.ts'
export { type Enrolled, type EnrollOptions, enroll } from './enroll/enroll.ts'
export { ENROLLMENT_ERRORS, EnrollmentError, type EnrollmentErrorCode } from './enroll/error.ts'
export { findMailKeys } from './enroll/find-mail-keys.ts'
export { authorityOf, type RenewOptions } from './enroll/home.ts'
export { type Keeper, type KeepOptions, type KeptIdentity, keepRenewed } from './enroll/keep-renewed.ts'
export { refreshStatus } from './enroll/refresh-status.ts'
export { certifyMailKey, type Renewed, renew } from './enroll/renew.ts'
export { type Enrolled as EnrolledParty, OWN_MEETINGS_PATH, ownMeetings, reportRefusal } from './explain/authority.ts'
export { type FeedFollower, type FeedOptions, followFeed } from './feed/follow.ts'
export { readToldRules } from './feed/kept.ts'
export { LineError, type LineOptions, type Lines, openLines } from './feed/lines.ts'
export type { Believe, Govern, Refused } from './feed/told.ts'
export { type ReplaceableAccess, replaceableAccess, steadyAccess } from './gate/access.ts'
export {
  type CalleeProof,
  type CallerProof,
  type ChannelKey,
  proveAsCallee,
  proveAsCaller,
} from './gate/channel-proof.ts'
export { channelBinding, exporterSha256 } from './gate/exporter.ts'
export { type Judgement, judge, type Question, verdictOf } from './gate/judge.ts'
export { createLocks, type Locks } from './gate/locks.ts'
export { referenceOfRandom } from './gate/reference.ts'
export { isPerson, sideOf, summaryOf } from './gate/side.ts'
export { type TrustedQuestion, type Verdicts, verdictsOf } from './gate/verdicts.ts'
export { prefersHtml } from './http/accept.ts'
export { adoptSockets, closeAfterReading } from './http/http-server.ts'
export { byWayOf, isPageLoad, type LoadHead } from './http/page-load.ts'
export {
  type Answer,
  answerOf,
  meetingAnswer,
  problemAnswer,
  REFERENCE_FIELD,
  refusalAnswer,
  refusalStatus,
  sendLastAnswer,
} from './http/problem.ts'
export { createRefusalResponder, type RefusalResponder } from './http/refusal.ts'
export { isRootWorker, liftsWorker } from './http/service-worker.ts'
export { chosenInstead, type ProvingFields, proofOf, withoutProof } from './http/socket-proof.ts'
export { type CertificateFiles, type FollowedCertificate, followCertificate } from './identity/certificate-files.ts'
export { createIdentity, keyFits, type ReplaceableIdentity } from './identity/create.ts'
export { IDENTITY_ERRORS, IdentityError, type IdentityErrorCode } from './identity/error.ts'
export { readChainIfThere, readPrivateKey } from './identity/files.ts'
export { type Holder, readHolder } from './identity/holder.ts'
export { type DirectoryIdentity, type OpenIdentityOptions, openIdentity } from './identity/open.ts'
export { privateFiles } from './identity/private-files.ts'
export { type AuthorityAddress, type IdentityParts, writeIdentity } from './identity/write.ts'
export type {
  Acceptor,
  AcceptorOptions,
  Access,
  AccessQuestion,
  CallerSession,
  Callers,
  Clock,
  Connected,
  ConnectOptions,
  ConnectTarget,
  Credential,
  Door,
  FirstContact,
  ForwardedMeeting,
  House,
  KnownCallee,
  Log,
  OwnIdentity,
  PrivateFiles,
  RefusedMeeting,
  ResumptionStore,
  Session,
  SessionIndex,
  SessionKey,
  TicketEpoch,
  Tickets,
  Trust,
  TrustChange,
  UnknownCallee,
} from './model.ts'
export { type Observation, type ObserveOptions, observe, type ServerSeen } from './observe/observe.ts'
export type { CertificateRequest } from './observe/server-flight.ts'
export { createAcceptor } from './server/acceptor.ts'
export { allowList } from './server/allow-list.ts'
export type { HasSessions, ServerOptions } from './server/behind-gate.ts'
export { createServer, type MutualServer } from './server/create-server.ts'
export type { FoundPerson, PersonClaims, PersonRequest } from './server/found-person.ts'
export { createHttp2Server, createHttpsServer } from './server/http-servers.ts'
export { createEngineCallers, type EngineCaller, type EngineCallers } from './server/meet-by-engine.ts'
export {
  createPeople,
  type MetPerson,
  type People,
  type PeopleOptions,
  type PersonSession,
  type ShownPerson,
} from './server/meet-person.ts'
export {
  createShownCallers,
  type ShownCaller,
  type ShownCallers,
  type ShownVerdict,
} from './server/meet-shown.ts'
export { meetingOf, type OwnMeeting, ownMeeting } from './server/meeting-of.ts'
export {
  type Http2Fields,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  serveHttp2,
} from './server/serve-http2.ts'
export type { ShownCredential } from './server/shown-credential.ts'
export { type AddTrouble, createTroubles } from './server/troubles.ts'
export { describeSession } from './sessions/describe-session.ts'
export { resetSocket } from './sessions/reset.ts'
export { SessionCutError } from './sessions/session.ts'
export { createSessionIndex } from './sessions/session-index.ts'
export { certificateKey, deviceKey, partyKey, revokedKey } from './sessions/session-keys.ts'
export { openTickets } from './tickets/shared-tickets.ts'
export { createCheckSignature } from './trust/check-signature.ts'
export { type DoorTrust, doorTrust } from './trust/door-trust.ts'
export { isSignedBy as isListSignedBy } from './trust/list-issuer.ts'
export {
  createToldAuthorities,
  type OtherAuthorities,
  steadyAuthorities,
  type ToldAuthorities,
} from './trust/other-authorities.ts'
export { type OtherAuthority, type OtherAuthorityFiles, openOtherAuthority } from './trust/other-authority.ts'
export { createTrust, type TrustStart } from './trust/trust.ts'
export {
  readTrustFiles,
  TRUST_FILE_ERRORS,
  TrustFileError,
  type TrustFileErrorCode,
  type TrustFiles,
} from './trust/trust-files.ts'
export { vouchingFor } from './trust/vouching.ts'
