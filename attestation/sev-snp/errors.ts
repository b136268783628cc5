/**
 * Why a report of AMD SEV-SNP is not believed.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type SnpErrorCode =
  | 'SNP_CHIP_ID'
  | 'SNP_MALFORMED'
  | 'SNP_PRODUCT'
  | 'SNP_SIGNATURE'
  | 'SNP_SIGNING_KEY'
  | 'SNP_TCB'

const refusedReport = { retryable: false, exit: 7, status: 422 } as const

export const SNP_ERRORS: ErrorTable<SnpErrorCode> = {
  SNP_CHIP_ID: {
    meaning: 'the report and the certificate are about different chips',
    hint: 'send the certificate of the chip that the guest runs on',
    ...refusedReport,
  },
  SNP_MALFORMED: {
    meaning:
      'the report is malformed, of an unknown version, or has something where it must be zero',
    hint: 'check that it was copied whole: a report has 1184 bytes',
    ...refusedReport,
  },
  SNP_PRODUCT: {
    meaning: 'report, certificate and root are of different generations of processors',
    hint: 'send the certificate chain of the processor that made the report',
    ...refusedReport,
  },
  SNP_SIGNATURE: {
    meaning: 'the key of the certificate did not sign this report',
    hint: 'the report was changed, or the certificate is of another chip or firmware level',
    ...refusedReport,
  },
  SNP_SIGNING_KEY: {
    meaning:
      'the report says that it is signed by another kind of key than its certificate is about',
    hint: 'a chip key (VCEK) and a key lent to a cloud (VLEK) have certificates of their own',
    ...refusedReport,
  },
  SNP_TCB: {
    meaning: 'the certificate is of another firmware level than the report',
    hint: 'fetch the certificate for the firmware level that the report names',
    ...refusedReport,
  },
}
