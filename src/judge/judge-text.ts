import { actionsOf, decide, decideKind, type Principal, type TouchedRelation } from '../policy/decide.js';
import { decideBound } from '../policy/decide-bound.js';
import type { PolicySet } from '../policy/file/load-policies.js';
import { noLimits } from '../policy/file/policy-file.js';
import { PolicyMismatch } from '../policy/restrict.js';
import { type Rights, smaller } from '../policy/rights.js';
import { quoteName } from '../policy/settings/search-path.js';
import { bindText } from '../sql/bind/bind.js';
import type { BindResult, BoundStatement } from '../sql/bind/bound.js';
import type { Relation } from '../sql/catalog/catalog.js';
import type { CatalogIndex } from '../sql/catalog/catalog-index.js';
import { complexityOf, complexityRefusal } from '../sql/complexity.js';
import { gatherFacts } from '../sql/facts/gather-facts.js';
import { fingerprintOf } from '../sql/fingerprint.js';
import type { Parse, ParsedText } from '../sql/rewrite/parse.js';
import { type Restrictions, rewrite, visibilityIn } from '../sql/rewrite/rewrite.js';
import type { Splice } from '../sql/rewrite/splice.js';
import { makeTemplate } from '../sql/rewrite/template.js';
import { parseAsMeant } from '../sql/rewrite/verify.js';
import { areLiteralsBindable } from '../sql/sharing/bindable-literals.js';
import { isShareable } from '../sql/sharing/is-shareable.js';
import type { StatementFacts } from '../sql/statement-facts.js';
import { ClientText } from './client-text.js';
import { isSentHarmlessly } from './harmless-reads.js';
import { placesOfTemporaryNames } from './places-of-temporary-names.js';
import type { Kept, Question, Refusal, Verdict } from './question.js';
import { runsTriggers } from './runs-triggers.js';

/** What is known of the tenant's policies where there are any, for the one who asks. */
export interface Policed {
  readonly policies: PolicySet;
  readonly rights: Rights;
  /** Null where there is no catalog to know relations by. */
  readonly restrictions: Restrictions | null;
}

/** A text with what the parser made of it. */
export interface Parsed {
  readonly tree: ParsedText;
  readonly facts: readonly StatementFacts[];
}

/**
 * Judges a text: what its statements are, what their names mean, whether all of it is allowed, and what has to be changed
 * before it is sent. Pure. One statement that is refused refuses them all.
 * @param policed null: the tenant has no policies
 * @param index null: the database's catalog isn't known, so that what names mean is taken from the text alone
 */
export function judgeText(
  question: Question,
  parsed: Parsed,
  policed: Policed | null,
  index: CatalogIndex | null,
  parse: Parse,
): Verdict {
  const verdict = judgedText(question, parsed, policed, index, parse);
  const isAsked = policed !== null && policed.rights.firewall !== 'off';
  return isAsked ? { ...verdict, fingerprint: fingerprintOf(question.text, parsed.facts) } : verdict;
}

function judgedText(
  question: Question,
  parsed: Parsed,
  policed: Policed | null,
  index: CatalogIndex | null,
  parse: Parse,
): Verdict {
  if (index === null)
    return policed === null ? unjudged(parsed.facts) : byFacts(policed.policies, question.who, parsed);
  const places =
    policed !== null && areOwn(policed.rights, parsed) ? placesOfTemporaryNames(question, parsed.tree, index) : [];
  if (places.length === 0) return new Judging(question, parsed, policed, index, parse).verdict();
  const client = new ClientText(question.text, places);
  const tree = parse(client.judged);
  const written = { tree, facts: gatherFacts(tree, Buffer.byteLength(client.judged)) };
  return new Judging({ ...question, text: client.judged }, written, policed, index, parse, client).verdict();
}

/** Of definitions only those of what is the session's own are allowed, so that a bare name has to be of one. */
function areOwn({ statements }: Rights, { facts }: Parsed): boolean {
  const hasDefinition = facts.some(({ kinds }) => kinds.includes('ddl'));
  return hasDefinition && statements.has('temp') && !statements.has('ddl');
}

const nothing = {
  ok: true,
  refusal: null,
  rules: [],
  template: null,
  changes: [],
  addsRows: [],
  limits: noLimits,
  isRestricted: false,
  isOpen: false,
  keeps: [],
  uses: [],
  fingerprint: null,
  isShareable: false,
  whyPinned: null,
  bindsLiterals: false,
  runsTriggers: false,
} as const;

/** Of a text that holds no statement. */
export const nothingToJudge: Verdict = unjudged([]);

function unjudged(facts: readonly StatementFacts[]): Verdict {
  return { ...nothing, statements: facts, actions: [], relations: [], hangsOnLiterals: true };
}

function byFacts(policies: PolicySet, who: Principal, { facts }: Parsed): Verdict {
  const { verdict, rules, actions, relations, message, hint, forThisTextOnly } = decide(policies, who, facts);
  const refusal = verdict === 'allow' ? null : denial(message ?? 'permission denied', hint);
  return { ...nothing, statements: facts, refusal, rules, actions, relations, hangsOnLiterals: forThisTextOnly };
}

function denial(message: string, hint: string | null = null, position: number | null = null): Refusal {
  return { sqlstate: '42501', message, detail: null, hint, position, isDenial: true };
}

const noRestrictions: Restrictions = { get: () => undefined };

/** One text on its way through binding, deciding and rewriting. */
class Judging {
  readonly #client: ClientText;
  readonly #question: Question;
  readonly #parsed: Parsed;
  readonly #policed: Policed | null;
  readonly #index: CatalogIndex;
  readonly #parse: Parse;
  readonly #restrictions: Restrictions;
  readonly #rules = new Set<string>();
  readonly #splices: Splice[] = [];
  readonly #addsRows: boolean[] = [];
  /** Of what is sent, where that is another text. */
  #sentTree: ParsedText | null = null;
  #isRestricted = false;
  #misfit: Refusal | null = null;

  constructor(
    question: Question,
    parsed: Parsed,
    policed: Policed | null,
    index: CatalogIndex,
    parse: Parse,
    client = new ClientText(question.text),
  ) {
    this.#client = client;
    this.#question = question;
    this.#parsed = parsed;
    this.#policed = policed;
    this.#index = index;
    this.#parse = parse;
    this.#restrictions = policed?.restrictions ?? noRestrictions;
  }

  verdict(): Verdict {
    const { facts } = this.#parsed;
    const refusal = this.#refusedKind() ?? this.#tooComplex();
    // What is denied for what it is isn't looked into any further.
    const results = refusal === null ? (this.#fitting(() => this.#bind()) ?? []) : [];
    const bound = results.flatMap((result) => (result.ok ? [result.bound] : []));
    const found = refusal ?? this.#fitting(() => this.#judge(results));
    const refused = this.#misfit ?? found ?? this.#refuseUnlessAsMeant();
    const isAllowed = refused === null;
    const splices = this.#client.splices(this.#splices);
    const whyPinned = isAllowed ? this.#whyPinned(bound) : null;
    const isShared = isAllowed && whyPinned === null;
    const hangsOnLiterals =
      facts.some((each) => each.hangsOnLiterals) ||
      results.some((result) => (result.ok ? result.bound : result).hangsOnLiterals) ||
      // Where it is wrong hangs on how long the literals before that are.
      (refused !== null && refused.position !== null);
    return {
      ok: true,
      statements: facts,
      refusal: refused,
      rules: [...this.#rules],
      actions: [...new Set(facts.flatMap(actionsOf))],
      relations: touchedRelations(bound),
      template: isAllowed && splices.length > 0 ? makeTemplate(this.#client.text, splices) : null,
      changes: isAllowed ? splices.map(({ reason, text }) => ({ reason, text })) : [],
      addsRows: isAllowed && this.#addsRows.includes(true) ? this.#addsRows : [],
      limits: this.#policed?.rights.limits ?? noLimits,
      isRestricted: this.#isRestricted,
      isOpen: this.#isOpen(),
      keeps: facts.flatMap(({ command }, at) => keptBy(command, bound[at])),
      uses: facts.flatMap((each, at) => usedBy(each, bound[at])),
      isShareable: isShared,
      whyPinned,
      fingerprint: null,
      bindsLiterals: isShared && !hangsOnLiterals && this.#bindsLiterals(bound),
      runsTriggers: isAllowed && bound.some((each) => runsTriggers(each, this.#index)),
      hangsOnLiterals,
    };
  }

  #refusedKind(): Refusal | null {
    if (this.#policed === null) return null;
    for (const facts of this.#parsed.facts) {
      const found = decideKind(this.#policed.rights, facts);
      if (found === null) continue;
      for (const rule of found.rules) this.#rules.add(rule);
      return denial(found.message, found.hint);
    }
    return null;
  }

  #tooComplex(): Refusal | null {
    if (this.#policed === null) return null;
    const max = smaller(this.#question.complexityMax, this.#policed.rights.limits.complexityMax);
    if (max === 0) return null;
    for (const { stmt } of this.#parsed.tree.stmts ?? []) {
      const message = complexityRefusal(complexityOf(stmt), max);
      if (message !== null) return { ...denial(message), sqlstate: '54000', isDenial: false };
    }
    return null;
  }

  #bind(): readonly BindResult[] {
    const { text, who, parameterTypes, temporary, upstreamUser } = this.#question;
    const rights = this.#policed?.rights;
    return bindText(text, this.#parsed.tree, this.#index, {
      searchPath: who.searchPath,
      user: upstreamUser,
      temporary,
      parameterTypes,
      visibility: visibilityIn(this.#restrictions),
      ...(rights !== undefined && { isClosed: ({ schema, name }) => rights.isClosed(schema, name) }),
    });
  }

  /** Null if the policy doesn't fit the relations that are looked at. */
  #fitting<Found>(find: () => Found): Found | null {
    try {
      return find();
    } catch (error) {
      if (!(error instanceof PolicyMismatch)) throw error;
      this.#misfit = denial(
        'permission denied: the policy does not fit a relation of this statement; pgturnstile check says why',
      );
      return null;
    }
  }

  #judge(results: readonly BindResult[]): Refusal | null {
    for (const [at, result] of results.entries()) {
      const refusal = result.ok ? this.#statement(result.bound, this.#parsed.facts[at]) : this.#unbound(result, at);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  #unbound({ sqlstate, message, detail, hint, position }: BindResult & { ok: false }, at: number): Refusal {
    const isDenial = sqlstate === '42501';
    const isAfterChange = this.#parsed.facts.slice(0, at).some(({ command }) => changing.has(command));
    const unseen = isAfterChange && !isDenial ? judgedTogether : null;
    return {
      sqlstate,
      message,
      detail: detail ?? null,
      hint: hint ?? unseen,
      position: this.#place(position),
      isDenial,
    };
  }

  #statement(bound: BoundStatement, facts: StatementFacts | undefined): Refusal | null {
    if (this.#policed === null) return null;
    const restrictions = this.#restrictions;
    const { denial: found, rules, isTelling } = decideBound(bound, this.#policed.rights, this.#index, restrictions);
    for (const rule of found?.rules ?? rules) this.#rules.add(rule);
    if (found !== null) return denial(found.message, null, this.#place(found.position));
    const withheld = bound.relations.flatMap(({ relation }) => restrictions.get(relation.oid) ?? []);
    for (const { rules: behind } of withheld) for (const rule of behind) this.#rules.add(rule);
    const isShown = bound.relations.some(({ relation }) => isOwnView(relation));
    const mayTell = withheld.length > 0 || isShown || isTelling || runsUnseen(facts, bound);
    if (mayTell && !this.#isOpen()) this.#isRestricted = true;
    const result = rewrite(this.#question.text, bound, this.#index, restrictions);
    if (!result.ok) return { ...denial(result.message, null, this.#place(result.position)), sqlstate: result.sqlstate };
    this.#splices.push(...result.splices);
    this.#addsRows.push(result.addsRows);
    return null;
  }

  /** The spliced text is parsed again, and must be the tree that was meant. */
  #refuseUnlessAsMeant(): Refusal | null {
    if (this.#splices.length === 0) return null;
    this.#sentTree = parseAsMeant(this.#question.text, this.#splices, this.#parse, this.#parsed.tree);
    if (this.#sentTree !== null) return null;
    const message = 'permission denied: the statement could not be rewritten as the policy asks for';
    return denial(message, 'Write it in a simpler form.');
  }

  /** What is sent is what has to be harmless. Null: it may be shared. */
  #whyPinned([statement]: readonly BoundStatement[]): string | null {
    const [facts, ...others] = this.#parsed.facts;
    if (others.length > 0) return 'there are several statements';
    if (facts === undefined || statement === undefined) return 'what its names mean is not known';
    const sharing = isShareable(statement, facts, this.#index);
    if (!sharing.isShareable) return sharing.why;
    if (this.#sentTree === null) return null;
    const judged = {
      question: this.#question,
      facts,
      index: this.#index,
      restrictions: this.#restrictions,
      parse: this.#parse,
    };
    if (isSentHarmlessly(judged, statement, this.#splices, this.#sentTree)) return null;
    return 'what the policy adds is not known to be safe in any session';
  }

  #bindsLiterals([statement]: readonly BoundStatement[]): boolean {
    const { text } = this.#question;
    return statement !== undefined && areLiteralsBindable(statement, this.#parsed.tree, Buffer.from(text));
  }

  #isOpen(): boolean {
    return this.#policed?.rights.isOpenIn(this.#index) ?? true;
  }

  #place(byte: number | null): number | null {
    return byte === null ? null : this.#client.position(byte);
  }
}

/** Statements behind which a name may mean something else. */
const changing: ReadonlySet<string> = new Set(['create', 'alter', 'drop', 'set']);

const judgedTogether = 'The statements of one text are judged before any of them runs: send this one by itself.';

/** What these run was judged when it was prepared, or is the database's own business, and may read anything. */
const unseen: ReadonlySet<string> = new Set([
  'execute',
  'fetch',
  'move',
  'commit',
  'prepare transaction',
  'call',
  'do',
  'refresh',
  'reindex',
  'cluster',
  'vacuum',
  'analyze',
]);

function keptBy(command: string, bound: BoundStatement | undefined): Kept[] {
  if (command === 'prepare') return ['statements'];
  return bound?.kind === 'ViewStmt' ? ['views'] : [];
}

function usedBy({ kinds, command }: StatementFacts, bound: BoundStatement | undefined): Kept[] {
  const isExecuting = kinds.includes('prepare') && command !== 'prepare' && command !== 'deallocate';
  const isReading = bound?.relations.some(({ relation }) => isOwnView(relation)) ?? false;
  return [...(isExecuting ? ['statements' as const] : []), ...(isReading ? ['views' as const] : [])];
}

/** A temporary view, which may show what is restricted. */
function isOwnView({ kind, persistence }: Relation): boolean {
  return kind === 'v' && persistence === 't';
}

function runsUnseen(facts: StatementFacts | undefined, { kind }: BoundStatement): boolean {
  // SET CONSTRAINTS checks what was written before.
  return facts === undefined || unseen.has(facts.command) || kind === 'ConstraintsSetStmt';
}

/** Of what a definition is about without naming it: with CASCADE it may be all there is. */
const definedToldMax = 100;

function touchedRelations(bound: readonly BoundStatement[]): TouchedRelation[] {
  const actionsByName = new Map<string, Set<string>>();
  const defined = bound
    .flatMap((each) => each.defined)
    .slice(0, definedToldMax)
    .map((relation) => ({ relation, actions: ['define'] }));
  for (const { relation, actions } of [...bound.flatMap(({ relations }) => relations), ...defined]) {
    const name = `${quoteName(relation.schema)}.${quoteName(relation.name)}`;
    actionsByName.set(name, new Set([...(actionsByName.get(name) ?? []), ...actions]));
  }
  return [...actionsByName].map(([name, actions]) => ({ name, actions: [...actions] }));
}
