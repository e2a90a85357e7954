import type { CatalogFunction } from '../../catalog/catalog.js';
import { isDecidedByArguments } from '../../harmless-functions.js';
import type { Binder } from '../binder.js';
import { type Span, undecided } from '../bound.js';
import type { FunctionCandidate } from '../names.js';
import { BindError } from '../refusal.js';
import type { Field, Scope, Typed } from '../scope.js';
import { matching, selectCandidate } from './candidates.js';
import { givesConstant } from './constants.js';
import { resolveGenerics } from './polymorphism.js';
import { shiftsFromNow } from './times-about-now.js';
import { typeNames } from './type-names.js';
import { isRegistry, oid } from './type-oids.js';

/** A call as written, its arguments bound. */
export interface Call {
  readonly schema: string | null;
  readonly name: string;
  readonly arguments: readonly Typed[];
  /** Of the last arguments. */
  readonly argumentNames: readonly string[];
  /** VARIADIC is written. */
  readonly isVariadicCall: boolean;
  /** CALL. */
  readonly isProcedure: boolean;
  readonly span: Span | null;
  readonly position: number | null;
  readonly by: 'call' | 'sample' | 'syntax';
}

export type Resolution =
  | { readonly kind: 'functions'; readonly candidates: readonly FunctionCandidate[] }
  | { readonly kind: 'cast'; readonly target: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' };

/** func_get_detail (parse_func.c). Several candidates only where a type is undecided. */
export function resolveCall(binder: Binder, call: Call): Resolution {
  const { coercions } = binder;
  const given = call.arguments.map((value) => binder.typeOf(value));
  const all = binder.names.functionCandidates({ ...call, arguments: given.length });
  const exact = all.find(({ types }) => types.every((type, at) => type === given[at]));
  if (exact !== undefined) return chosen(exact);
  const target = castTarget(binder, call, given);
  if (target !== null) return { kind: 'cast', target };
  const fitting = matching(coercions, given, all);
  if (fitting.length === 0) return { kind: 'none' };
  if (given.includes(undecided)) {
    return fitting.some(({ isAmbiguous }) => isAmbiguous)
      ? { kind: 'ambiguous' }
      : { kind: 'functions', candidates: fitting };
  }
  const [only] = fitting;
  const selected = fitting.length === 1 && only !== undefined ? only : selectCandidate(coercions, given, fitting);
  return selected === null ? { kind: 'ambiguous' } : chosen(selected);
}

function chosen(candidate: FunctionCandidate): Resolution {
  return candidate.isAmbiguous ? { kind: 'ambiguous' } : { kind: 'functions', candidates: [candidate] };
}

/** A type's name called with one argument is a cast, where one that needs no function of its own exists. */
function castTarget(binder: Binder, call: Call, given: readonly number[]): number | null {
  const [source] = given;
  if (given.length !== 1 || source === undefined || call.argumentNames.length > 0 || call.isVariadicCall) return null;
  const target = binder.names.type(call.schema, call.name);
  if (target === null || !target.isDefined || binder.coercions.isComplex(target.oid)) return null;
  if (source === oid.unknown) return target.oid;
  if (source === undecided) return null;
  const pathway = binder.coercions.pathway(source, target.oid, 'e');
  if (pathway?.method === 'binary') return target.oid;
  if (pathway?.method !== 'text') return null;
  const isRow = source === oid.record || binder.coercions.isComplex(source);
  return isRow && binder.coercions.category(target.oid) === 'S' ? null : target.oid;
}

export function noSuchFunction(binder: Binder, call: Call, isAmbiguous: boolean): BindError {
  const { schema, position } = call;
  if (schema !== null && !binder.names.hasSchema(schema))
    return new BindError('3F000', `schema "${schema}" does not exist`, position);
  const what = call.isProcedure ? 'procedure' : 'function';
  const signature = `${what} ${signatureOf(binder, call)}`;
  return isAmbiguous
    ? new BindError('42725', `${signature} is not unique`, position, {
        hint: `Could not choose a best candidate ${what}. You might need to add explicit type casts.`,
      })
    : new BindError('42883', `${signature} does not exist`, position, {
        hint: `No ${what} matches the given name and argument types. You might need to add explicit type casts.`,
      });
}

/** func_signature_string: the name as it is written. */
export function signatureOf(binder: Binder, call: Call): string {
  const types = typeNames(
    binder.catalog,
    call.arguments.map((value) => binder.typeOf(value)),
  );
  const named = call.arguments.length - call.argumentNames.length;
  const listed = types.map((type, at) => (at < named ? type : `${call.argumentNames[at - named]} => ${type}`));
  return `${writtenNameOf(call)}(${listed.join(', ')})`;
}

export function writtenNameOf({ schema, name }: Call): string {
  return schema === null ? name : `${schema}.${name}`;
}

/** What a call gives. */
export interface Result {
  readonly type: number;
  readonly fields: readonly Field[] | null;
  readonly returnsSet: boolean;
  readonly isConstant: boolean;
  readonly shifts: number | undefined;
}

/** Notes the call, converts its arguments and gives its result's type. */
export function applyCall(binder: Binder, scope: Scope, call: Call, candidates: readonly FunctionCandidate[]): Result {
  const functions = candidates.map((candidate) => candidate.function);
  // Which is which by name isn't told here.
  const literals = call.arguments.map(({ literal }) => (call.argumentNames.length > 0 ? undefined : literal));
  const columns = call.arguments.map(({ column }) => column?.origin ?? null);
  if (isDecidedByArguments(call.name)) for (const value of call.arguments) binder.decideByValue(value);
  const { span, position, by } = call;
  const argumentTypes = call.arguments.map((value) => binder.typeOf(value));
  const [only, ...others] = candidates;
  const behind = others.length === 0 ? only?.function : undefined;
  const isConstant = givesConstant(binder, behind, only?.types ?? [], call.arguments);
  const shifts = shiftsFromNow(binder, behind, call.arguments);
  binder.addFunction(scope, call.name, call.schema, functions, {
    span,
    position,
    by,
    literals,
    columns,
    isRowless: isConstant || shifts !== undefined,
    argumentTypes,
  });
  const results = candidates.map((candidate) => ({ ...resultOf(binder, call, candidate), isConstant, shifts }));
  if (others.length === 0 && only !== undefined) convertArguments(binder, scope, call, only);
  const [first] = results;
  if (first === undefined) return { type: undecided, fields: null, returnsSet: false, isConstant, shifts };
  return results.every(({ type }) => type === first.type) ? first : { ...first, type: undecided, fields: null };
}

function convertArguments(binder: Binder, scope: Scope, call: Call, candidate: FunctionCandidate): void {
  const given = call.arguments.map((value) => binder.typeOf(value));
  const generics = resolveGenerics(binder.coercions, given, candidate.types);
  const { by, span } = call;
  const isWritten = by === 'call' && span !== null && call.argumentNames.length === 0;
  call.arguments.forEach((value, at) => {
    const target = generics.resolve(candidate.types[at] ?? undecided);
    const operand = isWritten && isRegistry(target) ? { function: candidate.function, call: span, argument: at } : null;
    // A parameter is a name here, as where a cast is written.
    const given =
      operand === null || value.parameter === undefined ? value : { type: value.type, position: value.position };
    binder.coerce(given, target, scope, false, operand);
  });
}

function resultOf(binder: Binder, call: Call, candidate: FunctionCandidate): Omit<Result, 'isConstant' | 'shifts'> {
  const each = candidate.function;
  const given = call.arguments.map((value) => binder.typeOf(value));
  const generics = resolveGenerics(binder.coercions, given, candidate.types);
  const type = generics.resolve(each.returns);
  return { type, fields: fieldsOfResult(binder, each, type, generics.resolve), returnsSet: each.returnsSet };
}

/** OUT and TABLE arguments, or the columns of the composite type that is returned; null for a plain value. */
function fieldsOfResult(
  binder: Binder,
  each: CatalogFunction,
  type: number,
  resolve: (declared: number) => number,
): Field[] | null {
  const outputs = outputArguments(each);
  if (outputs.length > 1 || (outputs.length === 1 && each.returns === oid.record)) {
    return outputs.map(({ name, type: declared }, at) => ({
      name: name || `column${at + 1}`,
      type: resolve(declared),
    }));
  }
  const columns = binder.coercions.fieldsOf(type);
  return columns === null ? null : columns.map(({ name, type: of }) => ({ name, type: of }));
}

function outputArguments(each: CatalogFunction): { name: string; type: number }[] {
  return each.allArguments.flatMap((type, at) => {
    const mode = each.argumentModes[at];
    return mode === 'o' || mode === 'b' || mode === 't' ? [{ name: each.argumentNames[at] ?? '', type }] : [];
  });
}

/** get_func_result_name: the one output argument's name, if there's exactly one. */
export function resultName(candidates: readonly FunctionCandidate[]): string | null {
  const outputs = candidates.length === 1 ? candidates.flatMap((each) => outputArguments(each.function)) : [];
  return outputs.length === 1 ? outputs[0]?.name || null : null;
}
