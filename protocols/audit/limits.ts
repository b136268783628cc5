/**
 * What both ends of /brume/audit/1 must agree on, and what makes audits the same for everybody.
 *
 * @module
 */

/** The protocol's id on the wire. */
export const AUDIT_PROTOCOL = '/brume/audit/1'

/** Version of verdicts. */
export const AUDIT_VERSION = 1

export const HASH_BYTES = 32
export const SALT_BYTES = 16
export const SESSION_BYTES = 16

/** Stages of one route, as sessions have them. */
export const STAGES_MAX = 16

/** Requests of one session that an audit can be about: their leaves are told one by one. */
export const REQUESTS_MAX = 65_536

/** Requests of one task that are compared, at most; of more that were drawn, those of the lowest hash. */
export const COMPARED_MAX = 16

/** Bytes of one piece of evidence on the wire. */
export const PART_BYTES_MAX = 262_144

/** Longest frame: a part, and less than 256 bytes around it. */
export const AUDIT_FRAME_BYTES_MAX: number = PART_BYTES_MAX + 256

/** Longest task or claim: inputs of one stage in one session, with what is around them. */
export const EVIDENCE_BYTES_MAX = 67_108_864

/** Links of this protocol that one peer may hold open. */
export const LINKS_PER_PEER_MAX = 2

/** Questions of one link: the parts of a task and of a claim, and the few around them. */
export const QUESTIONS_PER_LINK_MAX = 1_024

/** How long a link may lie idle, in milliseconds. */
export const LINK_IDLE_MS_MAX = 30_000

/** How long an answer may take, in milliseconds: an auditor loads a stage and runs it. */
export const ANSWER_MS_MAX = 180_000

/** How long a whole audit may take, in milliseconds; then it is given up, which blames nobody. */
export const AUDIT_MS_MAX = 600_000

/** Members that are asked, one after another, until enough of them could run the task. */
export const AUDITORS_ASKED_MAX = 8

/** Longest body of a verdict. */
export const VERDICT_BYTES_MAX = 640

/** Verdicts that one task is judged by. */
export const VERDICTS_MAX = 3

/** Longest proof of how an audit ended. */
export const PROOF_BYTES_MAX = 2_304

/** Longest stage receipt as others are shown it, and longest audit with it. */
export const RECEIPT_BYTES_MAX = 768
export const TOLD_BYTES_MAX: number = RECEIPT_BYTES_MAX + PROOF_BYTES_MAX + 16

/** Rates are told in ten-thousandths. */
export const RATE_UNIT = 10_000
