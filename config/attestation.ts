/**
 * How this device attests itself, and what it demands of others.
 *
 * @module
 */

import { z } from 'zod'

const path = z.string().min(1).max(1_024)

export const attestationSection = z.strictObject({
  tpm: z
    .string()
    .min(1)
    .max(1_024)
    .default('/dev/tpmrm0')
    .describe(
      'TPM of this device: a device file, the path of a socket, or HOST:PORT; none for none',
    ),
  eventLog: z
    .string()
    .max(1_024)
    .default('/sys/kernel/security/tpm0/binary_bios_measurements')
    .describe('log of the boot, as the firmware keeps it; left out where it cannot be read'),
  issuers: z
    .array(path)
    .max(8)
    .default([])
    .describe('PEM files with issuers of the TPM certificate, to send along'),
  roots: z
    .array(path)
    .max(32)
    .default([])
    .describe('PEM files with roots of TPM makers to trust beside the shipped ones'),
  bindingKey: z
    .boolean()
    .default(false)
    .describe('true to have a key of the TPM sign each question: dearer to lend, slower to answer'),
  manifest: z
    .string()
    .max(1_024)
    .default('')
    .describe('signed manifest of the release that this device runs, to show along'),
  releaseKeys: z
    .array(path)
    .max(8)
    .default([])
    .describe('PEM files with public keys that sign releases; without one manifests say nothing'),
  policy: z
    .string()
    .min(1)
    .max(1_024)
    .default('production')
    .describe('what evidence of others must be: production, test, or a JSON file that changes one'),
})

/** Settings under `attestation`. */
export type AttestationConfig = Readonly<z.infer<typeof attestationSection>>
