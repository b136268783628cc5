/**
 * Why evidence that holds still earns nothing, or less: the rules of a policy, by code.
 *
 * All but `POLICY_INVALID` are findings inside an appraisal, not errors.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type PolicyErrorCode = 'POLICY_INVALID' | FindingCode

export type FindingCode =
  | 'POLICY_ADVISORY'
  | 'POLICY_ALIAS_CHECK'
  | 'POLICY_APP'
  | 'POLICY_BINDING_KEY'
  | 'POLICY_BOOT_STATE'
  | 'POLICY_CLOCK_BACK'
  | 'POLICY_COLLATERAL_STALE'
  | 'POLICY_DEBUG'
  | 'POLICY_ENVIRONMENT'
  | 'POLICY_HARDWARE_SHARED'
  | 'POLICY_KEY_HOME'
  | 'POLICY_KIND_OFF'
  | 'POLICY_MANUFACTURER'
  | 'POLICY_MEASUREMENT'
  | 'POLICY_MEASUREMENT_OPEN'
  | 'POLICY_MIGRATION'
  | 'POLICY_PATCH_LEVEL'
  | 'POLICY_PRIVILEGE'
  | 'POLICY_PROVISIONAL'
  | 'POLICY_RELEASE'
  | 'POLICY_REVOCATION'
  | 'POLICY_SECURE_BOOT'
  | 'POLICY_TCB'
  | 'POLICY_UNBOUND'

const byPolicy = { retryable: false, exit: 7, status: 422 } as const

export const POLICY_ERRORS: ErrorTable<PolicyErrorCode> = {
  POLICY_INVALID: {
    meaning: 'the policy is not one that Brume reads',
    hint: 'the message names the field; `brume attest policy production` shows a whole one',
    retryable: false,
    exit: 78,
    status: 400,
  },
  POLICY_ADVISORY: {
    meaning: 'the platform is open to a security advisory that the policy does not accept',
    hint: 'update the firmware of the host',
    ...byPolicy,
  },
  POLICY_ALIAS_CHECK: {
    meaning: 'the platform did not check its memory for aliases (AMD-SB-3015)',
    hint: 'update the firmware of the host',
    ...byPolicy,
  },
  POLICY_APP: {
    meaning: 'the key belongs to an app that the policy does not list',
    hint: 'list the app in the policy if it is yours',
    ...byPolicy,
  },
  POLICY_BOOT_STATE: {
    meaning: 'the device is unlocked, or runs a system that its maker did not sign',
    hint: 'lock the boot loader and use the system of the maker',
    ...byPolicy,
  },
  POLICY_BINDING_KEY: {
    meaning: 'no key of the TPM, tied to its registers, signed this question',
    hint: 'set attestation.bindingKey on that device',
    ...byPolicy,
  },
  POLICY_CLOCK_BACK: {
    meaning:
      'the clock of its TPM, or its count of starts, went backwards: a state was rolled back',
    hint: 'if the TPM was cleared on purpose, forget what it showed with `brume attest revoke PEER`',
    ...byPolicy,
  },
  POLICY_COLLATERAL_STALE: {
    meaning: 'what the vendor says of the platform is past its time, within the grace period',
    hint: 'fetch collateral again',
    ...byPolicy,
  },
  POLICY_DEBUG: {
    meaning: 'the host may read the memory of the guest: it runs in debug mode',
    hint: 'start the guest without debugging',
    ...byPolicy,
  },
  POLICY_ENVIRONMENT: {
    meaning: 'the key is of a development build, or came onto the device in an unlisted way',
    hint: 'use a build from the store, or list the way in the policy',
    ...byPolicy,
  },
  POLICY_HARDWARE_SHARED: {
    meaning: 'another device shows the same hardware: one of the two borrows it',
    hint: 'one hardware speaks for one device; forget the other device, or move its key',
    ...byPolicy,
  },
  POLICY_KEY_HOME: {
    meaning: 'nothing shows that the key that signs lives in the TPM of the endorsement key',
    hint: 'let the device activate a credential, which it does in a live attestation',
    ...byPolicy,
  },
  POLICY_KIND_OFF: {
    meaning: 'the policy gives no credit for this kind of evidence or family of hardware',
    hint: 'the policy says why; use other evidence or another policy',
    ...byPolicy,
  },
  POLICY_MANUFACTURER: {
    meaning: 'the policy gives no credit for TPMs of this maker',
    hint: 'TPMs in software prove nothing about hardware; the policy lists who is left out',
    ...byPolicy,
  },
  POLICY_MEASUREMENT: {
    meaning: 'what was started is not on the list of the policy',
    hint: 'add the measurement to the policy after checking what it is of',
    ...byPolicy,
  },
  POLICY_MEASUREMENT_OPEN: {
    meaning: 'the policy lists no measurements, so that this may be any guest of the hardware',
    hint: 'list the measurements that you trust; until then it counts as a TPM does',
    ...byPolicy,
  },
  POLICY_MIGRATION: {
    meaning: 'somebody may move the guest to another host',
    hint: 'start the guest without a migration agent',
    ...byPolicy,
  },
  POLICY_PATCH_LEVEL: {
    meaning: 'the system of the device has had no security update for too long',
    hint: 'update the device',
    ...byPolicy,
  },
  POLICY_PRIVILEGE: {
    meaning: 'the report was asked for from a less privileged level of the guest',
    hint: 'ask for the report at VMPL 0',
    ...byPolicy,
  },
  POLICY_PROVISIONAL: {
    meaning: 'the firmware of the host can still be rolled back',
    hint: 'let the operator of the host commit its firmware',
    ...byPolicy,
  },
  POLICY_RELEASE: {
    meaning: 'the device does not show a signed manifest of a release',
    hint: 'run a released build',
    ...byPolicy,
  },
  POLICY_REVOCATION: {
    meaning: 'nobody checked whether the key was revoked, or the list is too old',
    hint: 'import the current list of the vendor',
    ...byPolicy,
  },
  POLICY_SECURE_BOOT: {
    meaning: 'Secure Boot is off, or nothing shows that it is on',
    hint: 'switch Secure Boot on in the firmware, and let the daemon read the event log',
    ...byPolicy,
  },
  POLICY_TCB: {
    meaning: 'the firmware of the hardware is below what the policy demands',
    hint: 'update the firmware of the host',
    ...byPolicy,
  },
  POLICY_UNBOUND: {
    meaning: 'the evidence was not made for this question, so anybody may have sent it',
    hint: 'recorded evidence can be looked at, but earns nothing; ask the device itself',
    ...byPolicy,
  },
}
