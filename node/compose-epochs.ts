/**
 * Every `new` of the parts that agree on trust.
 *
 * @module
 */

import type { Config } from '../config/index.ts'
import { asPeerId } from '../core/ids.ts'
import { EPOCH_LIMITS, encodeParameters } from '../protocols/epoch/index.ts'
import type { BeaconSource } from './audit/beacons.ts'
import type { Ledgers } from './compose-ledger.ts'
import type { Foundation, MeshParts } from './compose.ts'
import { HeaderWitness } from './cosign/header-witness.ts'
import { nodeCrypto } from './crypto/node-crypto.ts'
import { AttestedFloors } from './epoch/attested-floors.ts'
import { toldAudit } from './epoch/audited-task.ts'
import { MeshEpochs } from './epoch/mesh-epochs.ts'
import type { Presence } from './presence/presence.ts'
import { freeBytesIn } from './storage/disk-space.ts'
import { madeFolder } from './storage/folder-identity.ts'
import { LevelRows } from './storage/level-rows.ts'
import { systemClock } from './system/system-clock.ts'
import { systemRandom } from './system/system-random.ts'

/** What a mesh that is founded here agrees on; undefined for what all meshes do. */
export function foundingParameters({ trust }: Config): Uint8Array | undefined {
  const { epochMs } = trust
  return epochMs === EPOCH_LIMITS.EPOCH_MS_DEFAULT ? undefined : encodeParameters({ epochMs })
}

export function composeEpochs(
  { log, identity, state, stateDir, fail }: Foundation,
  { network, mesh, presence, attestation, ledger, witness, near }: MeshParts & Ledgers,
): MeshEpochs {
  const floors = new AttestedFloors({ attest: (epoch) => attestation.epoch(epoch), logger: log })
  const epochs = new MeshEpochs(
    {
      network,
      mesh,
      near,
      ledger,
      signer: identity.signer,
      crypto: nodeCrypto,
      clock: systemClock,
      logger: log,
      random: systemRandom,
      memory: state,
      floorOf: (device) => floors.floorOf(device),
      proofs: () => witness.book?.evidence.proofs().map(({ encoded }) => encoded) ?? [],
      openRows: (path) => new LevelRows(path),
      madeFolder,
      freeBytesIn,
      onFailure: fail,
    },
    { stateDir },
  )
  presence.rankBy((device) => epochs.scoreOf(device))
  epochs.onEpoch(() => {
    const { beacon } = epochs
    if (beacon === undefined) return
    void floors.note(beacon)
    announce(presence, { epoch: beacon.epoch, score: epochs.scoreOf(identity.peer) })
  })
  return epochs
}

/** Who cosigns the headers of this mesh, and whose this device does. */
export function composeCosigning(
  { config, log, identity, stateDir, fail }: Foundation,
  {
    network,
    mesh,
    near,
    epochs,
  }: Pick<MeshParts & Ledgers, 'network' | 'mesh' | 'near'> & { readonly epochs: MeshEpochs },
): HeaderWitness {
  const { witnesses, witnessFor } = config.trust
  return new HeaderWitness(
    {
      network,
      mesh,
      near,
      epochs,
      signer: identity.signer,
      crypto: nodeCrypto,
      clock: systemClock,
      logger: log,
      openRows: (path) => new LevelRows(path),
      madeFolder,
      onFailure: fail,
    },
    {
      stateDir,
      witnesses: witnesses.flatMap((text) => {
        const at = text.lastIndexOf('/p2p/')
        const peer = asPeerId(text.slice(at + '/p2p/'.length))
        return peer === undefined ? [] : { peer, address: text.slice(0, at) }
      }),
      witnessFor: witnessFor.flatMap((text) => asPeerId(text) ?? []),
    },
  )
}

/** What epochs do for audits: they draw, and count. */
export function epochBeacons(epochs: MeshEpochs): BeaconSource {
  return {
    latest: () => epochs.beacon,
    drawn: (epoch, task, parties) =>
      epochs.room?.chain.fold.audits.drawn(epoch, task, parties) ?? [],
    ownerOf: (device) => {
      const chain = epochs.room?.chain
      return chain?.fold.owners.speakerOf(device, chain.next) ?? device
    },
    tell: (receipt, verdicts) => epochs.room?.pools.reportAudit(toldAudit(receipt, verdicts)),
  }
}

/** Epochs after which an unchanged score is announced again. */
const ANNOUNCED_EVERY = 12
const MICROS = 1_000_000

/** Puts the own score into the capability record, when it is another one or an old one. */
function announce(
  presence: Presence,
  { epoch, score }: { readonly epoch: number; readonly score: number | undefined },
): void {
  const told = presence.capabilities().trust
  const trust = score === undefined ? undefined : { epoch, micros: Math.round(score * MICROS) }
  const isNew = trust?.micros !== told?.micros
  if (isNew || epoch - (told?.epoch ?? epoch) >= ANNOUNCED_EVERY) presence.update({ trust })
}
