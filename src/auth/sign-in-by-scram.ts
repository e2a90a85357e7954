import { MessageWriter } from '../../protocol/message-writer.js';
import {
  encodeAuthenticationSASL,
  encodeAuthenticationSASLContinue,
  encodeAuthenticationSASLFinal,
} from '../../protocol/messages/authentication.js';
import { decodeMechanism, decodeSASLInitialResponse } from '../../protocol/messages/sasl-initial-response.js';
import { decodeSASLResponse } from '../../protocol/messages/sasl-response.js';
import type { UserConfig } from '../config/config.js';
import { offeredMechanisms, scramSha256Plus } from '../scram/mechanisms.js';
import { secretKind } from '../scram/secret.js';
import { type ScramStep, ServerScram } from '../scram/server-scram.js';
import { formatVerifier } from '../scram/verifier.js';
import type { AuthDialog } from './auth-dialog.js';
import { type Claim, failedProof, plainSecret, proven, type SignIn } from './claim.js';

/** SCRAM-SHA-256, over TLS bound to our certificate when the client can (CheckSASLAuth in auth-sasl.c). */
export async function signInByScram(claim: Claim, dialog: AuthDialog): Promise<SignIn> {
  const { user, account, decoy, secrets, endPointHash } = claim;
  const known = await (account === null ? null : secrets.verifierOf(account));
  const verifier = known ?? secrets.standIn(user, decoy);
  let answer = await dialog.ask(offer(endPointHash !== null), 'SASL');
  if (typeof answer === 'string') return noAnswer(answer);
  // Which one it is is looked at before what comes with it is read.
  const mechanism = decodeMechanism(answer);
  const scram = new ServerScram(mechanism, { verifier, isDoomed: known === null, endPointHash });
  let step = scram.exchange(decodeSASLInitialResponse(answer).response);
  while (step.kind === 'continue') {
    answer = await dialog.ask(challenge(step.data), 'SASL');
    if (typeof answer === 'string') return noAnswer(answer);
    step = scram.exchange(decodeSASLResponse(answer).response);
  }
  if (step.kind === 'failure') return failure(account);
  return signedIn(claim, mechanism, step, formatVerifier(verifier));
}

function signedIn(
  claim: Claim,
  mechanism: string,
  step: Extract<ScramStep, { kind: 'success' }>,
  verifier: string,
): SignIn {
  const writer = new MessageWriter(64);
  encodeAuthenticationSASLFinal(writer, step.data);
  return proven(
    mechanism === scramSha256Plus ? 'scram-sha-256-plus' : 'scram-sha-256',
    plainSecret(claim.account) ?? { kind: 'scram', clientKey: step.clientKey, verifier },
    writer.take(),
  );
}

function offer(canBind: boolean): Buffer {
  const writer = new MessageWriter(64);
  encodeAuthenticationSASL(writer, offeredMechanisms(canBind));
  return writer.take();
}

function challenge(data: Buffer): Buffer {
  const writer = new MessageWriter(128);
  encodeAuthenticationSASLContinue(writer, data);
  return writer.take();
}

/** PostgreSQL takes a length out of bounds, or a message that is cut short, for a wrong password here. */
function noAnswer(answer: 'gone' | 'invalid-length'): SignIn {
  if (answer === 'gone') return { outcome: 'gone' };
  return { outcome: 'failed', reason: 'a SASL message with an invalid length' };
}

function failure(account: UserConfig | null): SignIn {
  if (secretKind(account?.secret ?? '') !== 'md5') return failedProof(account);
  return { outcome: 'failed', reason: 'the user has an md5 hash, which SCRAM can do nothing with' };
}
