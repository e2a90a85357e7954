import { ProxyError } from '../../errors/proxy-error.js';
import type { SessionJudge, SessionNames } from '../../judge/judge.js';
import type { Judgement } from '../../judge/judgement.js';
import type { Kept } from '../../judge/question.js';
import { sentText } from '../../judge/rewriting.js';
import type { SessionEffects } from '../../sql/session-effects.js';
import { keyOf } from '../../sql/shape.js';
import type { Statement } from './statement.js';

/** Texts with PREPARE that are held to be judged again. What is prepared beyond them is refused once anything has changed. */
const preparesMax = 1000;
const preparedCharsMax = 16 * 1024 * 1024;

/** A text with PREPARE that was sent. */
interface Prepare {
  readonly text: string;
  readonly sent: string | null;
  readonly effects: SessionEffects;
  /** Where its names were looked for. */
  readonly names: SessionNames;
  /** By which it was judged last. */
  version: number;
  /** What it was judged to be again, before that has been looked at. */
  again: Judgement | null;
}

/**
 * By what that was judged which a session keeps upstream and which isn't judged again when it is used: what it prepared by
 * SQL, and its temporary views. It must not outlive the policies, nor what the names in it meant: a view goes on showing a
 * table that was renamed or has got other columns, so it holds for one version of the catalog. A statement is looked up by
 * name again by the server, so it holds as long as it would be prepared the same.
 */
export class KeptVerdicts {
  readonly #policies: Readonly<Record<Kept, Set<string>>> = { statements: new Set(), views: new Set() };
  readonly #viewVersions = new Set<number>();
  readonly #prepares = new Map<string, Prepare>();
  #preparedChars = 0;
  /** Versions by which texts were judged that aren't held. */
  readonly #unheldVersions = new Set<number>();

  /** Whether there may be anything that was prepared by SQL. */
  get hasStatements(): boolean {
    return this.#policies.statements.size > 0;
  }

  /** A statement that keeps these was sent. */
  note(keeps: readonly Kept[], statement: Statement, policies: string, names: SessionNames): void {
    const { version } = statement.judgement;
    for (const kept of keeps) this.#policies[kept].add(policies);
    if (keeps.includes('views')) addVersion(this.#viewVersions, version);
    if (keeps.includes('statements')) this.#notePrepare(statement, names);
  }

  /** Why a statement that uses these is refused; null: it isn't, for what has changed of policies, and of views at all. */
  refusal(uses: readonly Kept[], policies: string, version: number): ProxyError | null {
    const isOfOthers = (kept: Kept) => [...this.#policies[kept]].some((each) => each !== policies);
    const found = uses.find(isOfOthers);
    if (found !== undefined) return outdated(found);
    return uses.includes('views') && hasOthers(this.#viewVersions, version) ? outdated('views') : null;
  }

  /**
   * Whether what a text executes would be prepared the same now. Null: verdicts are being made; `wake` is called then.
   * @param version by which the text itself was judged
   * @param now where names are looked for
   */
  judgedAgain(
    judging: SessionJudge,
    { statements }: SessionEffects,
    version: number,
    now: SessionNames,
    wake: () => void,
  ): boolean | null {
    if (hasOthers(this.#unheldVersions, version)) return false;
    for (const prepare of this.#prepares.values()) {
      if (prepare.version === version || !mayExecute(statements, prepare.effects.statements)) continue;
      const { text, sent, names, again } = prepare;
      const keyed = keyOf(text);
      const found = again ?? judging.judge(text, keyed, { ...names, catalog: now.catalog });
      prepare.again = null;
      if (found instanceof Promise) {
        found.then((judgement) => {
          prepare.again = judgement;
          wake();
        });
        return null;
      }
      const { template, uses } = found;
      const refusal = found.refusal ?? this.refusal(uses, judging.policies?.key ?? '', found.version);
      if (refusal !== null || (template === null ? null : sentText(template, keyed)) !== sent) return false;
      prepare.version = found.version;
    }
    return true;
  }

  forget(kept: Kept): void {
    this.#policies[kept].clear();
    if (kept === 'views') return this.#viewVersions.clear();
    this.#prepares.clear();
    this.#preparedChars = 0;
    this.#unheldVersions.clear();
  }

  #notePrepare({ text, sent, effects, judgement }: Statement, names: SessionNames): void {
    const { version } = judgement;
    const key = `${sent}\0${text}`;
    if (this.#prepares.has(key)) return;
    const isFull = this.#prepares.size >= preparesMax || this.#preparedChars >= preparedCharsMax;
    if (text === null || isFull) return addVersion(this.#unheldVersions, version);
    this.#prepares.set(key, { text, sent, effects, names, version, again: null });
    this.#preparedChars += text.length;
  }
}

/** Two versions are as many as can be told from the one in force. */
function addVersion(versions: Set<number>, version: number): void {
  if (versions.size < 2) versions.add(version);
}

function hasOthers(versions: ReadonlySet<number>, version: number): boolean {
  return versions.size > 1 || (versions.size === 1 && !versions.has(version));
}

/** Names as long as this in characters are as they are written to the server, too, but for their case. */
const nameCharsMax = 20;

/** Whether an EXECUTE alone may execute what a text prepares; any other text may execute anything. */
function mayExecute(executing: SessionEffects['statements'], preparing: SessionEffects['statements']): boolean {
  const [only, ...others] = executing ?? [];
  if (only?.command !== 'execute' || others.length > 0) return true;
  const executed = foldedName(only.target);
  const prepared = preparing?.flatMap(({ command, target }) => (command === 'prepare' ? [foldedName(target)] : []));
  return executed === null || prepared === undefined || prepared.includes(null) || prepared.includes(executed);
}

/** Null: it isn't known. */
function foldedName(name: string | null): string | null {
  return name === null || name.length > nameCharsMax ? null : name.toLowerCase();
}

/** Of what was judged by what is in force no more. */
export function outdated(kept: Kept | 'portals'): ProxyError {
  const message = `permission denied: the policy, or what it is about, has changed since ${made[kept]}`;
  return new ProxyError('policyDenied', message, { hint: 'Use DISCARD ALL, and begin anew.' });
}

const made: Readonly<Record<Kept | 'portals', string>> = {
  statements: 'the statement was prepared',
  views: 'the temporary view was created',
  portals: 'the statement was bound',
};
