/**
 * Documents of the security module of an AWS Nitro Enclave, through its device file.
 *
 * The module takes and gives CBOR in one ioctl (linux/nsm.h, Linux 6.8: NSM_IOCTL_RAW). Node has no
 * ioctl, so a line of Perl makes it: an image of an enclave that is to attest itself needs the package perl-base.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { asBytes, asMap, encodeTextMap, readCbor } from '../../attestation/index.ts'
import { AttesterError } from './errors.ts'

/** The module, as a port: only an enclave has a real one. */
export interface NsmDevice {
  /** Sends a request, and resolves to the response; undefined where there is no such module. */
  request(message: Uint8Array): Promise<Uint8Array | undefined>
}

/** Where the kernel has it. */
export const NSM_PATH = '/dev/nsm'

/**
 * Two buffers by address and length, for request and response; the kernel puts the length of the
 * response in the place of that of its buffer. 0xC0200A00 is _IOWR(0x0A, 0, struct of 32 bytes).
 */
const PERL = `
  binmode STDIN; binmode STDOUT; local $/;
  my $request = <STDIN>; my $response = "\\0" x 12288;
  open(my $module, "+<", $ARGV[0]) or exit 2;
  my $raw = pack("PQPQ", $request, length $request, $response, length $response);
  defined ioctl($module, 0xC0200A00, $raw) or exit 3;
  print substr($response, 0, (unpack("QQQQ", $raw))[3]);
`

/** The module behind the device file at `path`. */
export function nsmDevice(path: string): NsmDevice {
  return {
    request: async (message) => {
      if (!existsSync(path)) return undefined
      const perl = spawn('perl', ['-e', PERL, path], { stdio: ['pipe', 'pipe', 'ignore'] })
      const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>()
      perl.once('error', reject).once('exit', resolve)
      // A child that ends early takes no more; its exit says why.
      perl.stdin.on('error', () => undefined)
      perl.stdin.end(message)
      try {
        const [code, response] = await Promise.all([ended, buffer(perl.stdout)])
        if (code === 0) return new Uint8Array(response)
        throw new AttesterError({ code: 'ATTESTER_NSM_FAILED', reason: `exit ${code}` })
      } catch (cause) {
        if (cause instanceof AttesterError) throw cause
        throw new AttesterError({ code: 'ATTESTER_NSM_FAILED', reason: 'no perl' }, { cause })
      }
    },
  }
}

/**
 * A document that holds `binding`; undefined where this is no enclave.
 *
 * @param binding - 64 bytes, which go into the nonce.
 * @throws {AttesterError} `ATTESTER_NSM_FAILED`.
 */
export async function nitroDocument(
  device: NsmDevice,
  binding: Uint8Array,
): Promise<Uint8Array | undefined> {
  const response = await device.request(attestationRequest(binding))
  if (response === undefined) return undefined
  try {
    const answer = asMap(readCbor(response), 'response')
    return asBytes(asMap(answer.get('Attestation'), 'answer').get('document'), 'document').slice()
  } catch (cause) {
    const reason = 'no document in its response'
    throw new AttesterError({ code: 'ATTESTER_NSM_FAILED', reason }, { cause })
  }
}

/** `{"Attestation": {"user_data": null, "nonce": binding, "public_key": null}}`. */
export function attestationRequest(nonce: Uint8Array): Uint8Array {
  return encodeTextMap({ Attestation: { user_data: null, nonce, public_key: null } })
}
