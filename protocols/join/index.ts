/**
 * The door of /brume/join/1: how a device becomes a member, and how members know each other.
 *
 * @module
 */

export { AttemptLimiter } from './attempt-limiter.ts'
export {
  type Certificate,
  type CertificateChain,
  chainShape,
  type ChainVerdict,
  decodeChain,
  encodeChain,
  issueCertificate,
  verifyChain,
} from './certificate.ts'
export { JOIN_ERRORS, type JoinCode, JoinError, type JoinFailure } from './errors.ts'
export {
  foundMesh,
  type Genesis,
  genesisRecord,
  isMeshName,
  type VerifiedGenesis,
  verifyGenesis,
} from './genesis.ts'
export {
  type Admission,
  type Credential,
  type HelloInput,
  HelloMachine,
  type HelloOutput,
} from './hello-machine.ts'
export { type HostInput, HostMachine, type HostOutput } from './host-machine.ts'
export { decodeInviteCode, encodeInviteCode, type InviteCode, meshPrefixOf } from './invite-code.ts'
export { decodeInvite, encodeInvite, type Invite, inviteFault, useInvite } from './invite.ts'
export {
  type JoinerInput,
  JoinerMachine,
  type JoinerOutput,
  type Membership,
} from './joiner-machine.ts'
export {
  CERTIFICATE_MS_MAX,
  HELLO_MS_MAX,
  INVITE_MS_MAX,
  INVITE_SECRET_BYTES,
  INVITE_USES_MAX,
  CHAIN_LENGTH_MAX,
  CLOCK_SKEW_MS_MAX,
  INVITE_ID_BYTES,
  JOIN_FRAME_BYTES_MAX,
  MESH_NAME_CHARACTERS_MAX,
  JOIN_PROTOCOL,
  NONCE_BYTES,
} from './limits.ts'
export { type Role, roleCovers, ROLES } from './role.ts'
export { inviteIdOf } from './secret-proof.ts'
