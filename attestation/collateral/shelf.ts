/**
 * The collateral at hand: one item for each thing that a vendor speaks of, never replaced by an older one.
 *
 * Collateral often comes from whoever is being judged. So an item is verified to a
 * pinned root before it is put here, and once more whenever evidence is verified
 * with it; and nobody can bring back a list from before a revocation.
 *
 * @module
 */

import { bytesEqual, textOf } from '../../core/bytes.ts'
import type { AnchorSet } from '../anchors/anchor-set.ts'
import { withRoots } from '../anchors/anchor-set.ts'
import { readStatusList } from '../android/status-list.ts'
import { checkSignedJson } from '../dcap/collateral.ts'
import { dcapPlatform } from '../dcap/dcap.ts'
import { certificatesOfPem } from '../encoding/pem.ts'
import { demand, refuse } from '../errors.ts'
import type { Collateral, Evidence } from '../evidence.ts'
import { type Certificate, readCertificate } from '../x509/certificate.ts'
import { type Crl, readCrl } from '../x509/crl.ts'
import { endorsementIssuers } from '../tpm/endorsement.ts'
import { checkPath, orderedPath } from '../x509/path.ts'
import {
  ANDROID_SLOT,
  type CollateralAbout,
  collateralAbout,
  collateralId,
  type CollateralItem,
  crlSlot,
  decodeCollateral,
  qeIdentitySlot,
  signedJsonIn,
  tcbInfoSlot,
} from './item.ts'

/** What is kept in one slot. */
export interface ShelvedItem extends CollateralAbout {
  readonly id: string
  readonly item: CollateralItem
  readonly encoded: Uint8Array
}

export interface ShelfRules {
  readonly nowMs: number
  readonly anchors: AnchorSet
  /** How long past its next update an item is still taken, in milliseconds. */
  readonly graceMs: number
}

/** Slots that are kept: vendors have some tens. */
const SLOTS_MAX = 128
const CHAIN_MAX = 4

export class CollateralShelf {
  readonly #slots = new Map<string, ShelvedItem>()

  list(): readonly ShelvedItem[] {
    return [...this.#slots.values()]
  }

  get(id: string): ShelvedItem | undefined {
    return this.list().find((shelved) => shelved.id === id)
  }

  /**
   * Verifies an item and keeps it.
   *
   * @returns the item, and what it takes the place of; undefined when it is here already.
   * @throws {AttestationError} when it does not hold, or is older than what is here.
   */
  put(
    encoded: Uint8Array,
    rules: ShelfRules,
  ): { readonly added: ShelvedItem; readonly replaced: ShelvedItem | undefined } | undefined {
    const shelved = shelvedOf(encoded)
    const replaced = this.#slots.get(shelved.slot)
    if (replaced !== undefined && !isNewer(shelved, replaced)) return undefined
    this.#check(shelved.item, rules)
    const room = replaced !== undefined || this.#slots.size < SLOTS_MAX
    demand(room, 'ATTESTATION_LIMIT', `more than ${SLOTS_MAX} pieces of collateral`)
    this.#slots.set(shelved.slot, shelved)
    return { added: shelved, replaced }
  }

  /** Puts back what was verified in an earlier life; of two for one slot the newer stays. */
  restore(encoded: Uint8Array): ShelvedItem {
    const shelved = shelvedOf(encoded)
    const held = this.#slots.get(shelved.slot)
    if (held === undefined || held.issuedMs < shelved.issuedMs) {
      this.#slots.set(shelved.slot, shelved)
    }
    return shelved
  }

  /** What there is for `evidence`, to be verified with it. */
  for(evidence: Evidence, anchors: AnchorSet): Collateral {
    const status = this.#slots.get(ANDROID_SLOT)?.item
    const lists = anchors.roots.amd.flatMap(({ certificate }) => this.#crl(certificate.subject))
    const isDcap = evidence.kind === 'sgx' || evidence.kind === 'tdx'
    return {
      amdCrls: lists.length === 0 ? undefined : lists,
      tpmCrls: evidence.kind === 'tpm' ? this.#tpmCrls(evidence, anchors) : undefined,
      androidStatus: status && readStatusList(textOf(status.body) ?? '', status.fetchedAtMs ?? 0),
      dcap: isDcap ? this.#dcap(evidence, anchors) : undefined,
    }
  }

  /** `anchors` with the roots of TPM makers that were imported. */
  anchors(anchors: AnchorSet): AnchorSet {
    const roots = this.list().flatMap(({ item }) => {
      if (item.type !== 'tpm-root') return []
      const certificate = readCertificate(item.body)
      return [{ name: certificate.commonName ?? certificate.spkiSha256.slice(0, 16), certificate }]
    })
    return withRoots(anchors, 'tpm', roots)
  }

  #crl(issuer: Uint8Array): readonly Crl[] {
    const shelved = this.#slots.get(crlSlot(issuer))
    return shelved === undefined ? [] : [readCrl(shelved.item.body)]
  }

  #tpmCrls(
    { endorsement }: Extract<Evidence, { kind: 'tpm' }>,
    { intermediates }: AnchorSet,
  ): Collateral['tpmCrls'] {
    const issuers = [
      ...endorsementIssuers(endorsement.certificates),
      ...intermediates.map(({ issuer }) => issuer),
    ]
    const slots = new Set(issuers.map(crlSlot))
    const lists = this.list().filter(({ slot }) => slots.has(slot))
    return lists.length === 0 ? undefined : lists.map(({ item }) => readCrl(item.body))
  }

  #dcap(
    evidence: Extract<Evidence, { kind: 'sgx' | 'tdx' }>,
    anchors: AnchorSet,
  ): Collateral['dcap'] {
    const { fmspc, pckIssuer } = dcapPlatform(evidence)
    const [rootCrl] = anchors.roots.intel.flatMap((root) => this.#crl(root.certificate.subject))
    const [pckCrl] = this.#crl(pckIssuer)
    const tcbInfo = this.#slots.get(tcbInfoSlot(evidence.kind, fmspc))?.item
    const qeIdentity = this.#slots.get(qeIdentitySlot(evidence.kind))?.item
    if (rootCrl === undefined || pckCrl === undefined) return undefined
    if (tcbInfo === undefined || qeIdentity === undefined) return undefined
    return {
      rootCrl,
      pckCrl,
      tcbInfo: signedJsonIn(tcbInfo),
      qeIdentity: signedJsonIn(qeIdentity),
    }
  }

  /** Refuses what no pinned root vouches for, or is not of today. */
  #check(item: CollateralItem, rules: ShelfRules): void {
    if (item.type === 'crl') this.#checkCrl(item, rules)
    if (item.type !== 'intel-json') return
    checkSignedJson(signedJsonIn(item), { ...rules, rootCrl: this.#rootCrl(rules) })
  }

  #checkCrl({ body, issuerChain }: CollateralItem, rules: ShelfRules): void {
    const { nowMs, graceMs } = rules
    const crl = readCrl(body)
    const anchors = this.anchors(rules.anchors)
    const roots = [...anchors.roots.amd, ...anchors.roots.intel, ...anchors.roots.tpm]
    const pinned = roots.find(({ certificate }) => bytesEqual(certificate.subject, crl.issuer))
    if (pinned !== undefined) return crl.check(pinned.certificate, nowMs, graceMs)
    const chain = chainOf(crl, issuerChain, anchors)
    const common = { nowMs, graceMs }
    const issuers = chain.map(({ issuer }) => issuer)
    const isTpm = anchors.roots.tpm.some(({ certificate }) =>
      issuers.some((issuer) => bytesEqual(issuer, certificate.subject)),
    )
    if (isTpm) {
      const crls = issuers.flatMap((issuer) => this.#crl(issuer))
      const old = { graceMs: Number.MAX_SAFE_INTEGER }
      checkPath(chain, { ...common, ...old, anchors: anchors.roots.tpm, crls })
    } else {
      const crls = [this.#rootCrl(rules)]
      checkPath(chain, { ...common, anchors: anchors.roots.intel, crls, revocable: [0] })
    }
    crl.check(issuerIn(chain), nowMs, graceMs)
  }

  #rootCrl({ anchors }: ShelfRules): Crl {
    const [list] = anchors.roots.intel.flatMap(({ certificate }) => this.#crl(certificate.subject))
    return list ?? refuse('COLLATERAL_INCOMPLETE', "no revocation list of Intel's root")
  }
}

function shelvedOf(encoded: Uint8Array): ShelvedItem {
  const item = decodeCollateral(encoded)
  return { ...collateralAbout(item), id: collateralId(encoded), item, encoded }
}

/** The issuer of `crl`, then its own issuers: as they came with the list, or from those that are shipped. */
function chainOf(
  { issuer }: Crl,
  issuerChain: string,
  { intermediates, roots }: AnchorSet,
): readonly Certificate[] {
  if (issuerChain !== '') {
    return certificatesOfPem(issuerChain, CHAIN_MAX).map((der) => readCertificate(der))
  }
  const known = intermediates.find(({ subject }) => bytesEqual(subject, issuer))
  if (known === undefined) refuse('COLLATERAL_ISSUER', 'list of an issuer that is not pinned')
  return orderedPath(known, intermediates, roots.tpm)
}

function issuerIn([issuer]: readonly Certificate[]): Certificate {
  return issuer ?? refuse('COLLATERAL_ISSUER', 'chain without a certificate')
}

/** True when `one` takes the place of `other`; false when it says the same. @throws {AttestationError} `COLLATERAL_OLDER`. */
function isNewer(one: ShelvedItem, other: ShelvedItem): boolean {
  const older = one.issuedMs < other.issuedMs || one.serial < other.serial
  demand(!older, 'COLLATERAL_OLDER', 'issued before what is here')
  return one.issuedMs > other.issuedMs || one.serial > other.serial
}
