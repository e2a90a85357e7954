import type { Cast, Column, Type } from '../../catalog/catalog.js';
import type { CatalogIndex } from '../../catalog/catalog-index.js';
import { undecided } from '../bound.js';
import { isPolymorphic, oid } from './type-oids.js';

/** implicit < assignment < explicit, as CoercionContext in primnodes.h. */
export type CastContext = 'i' | 'a' | 'e';

const strength: Readonly<Record<CastContext, number>> = { i: 0, a: 1, e: 2 };

/** How a value of one type becomes one of another. */
export interface Pathway {
  readonly method: 'binary' | 'function' | 'text';
  /** 0: none. */
  readonly function: number;
}

const relabel: Pathway = { method: 'binary', function: 0 };
const throughText: Pathway = { method: 'text', function: 0 };

/** What parse_coerce.c knows about types, over a catalog. Oids in, oids out; `undecided` agrees with everything. */
export class Coercions {
  constructor(readonly catalog: CatalogIndex) {}

  type(type: number): Type | undefined {
    return this.catalog.type(type);
  }

  /** getBaseType: what a domain is over, all the way down. */
  baseOf(type: number): number {
    let at = type;
    for (let depth = 0; depth < 100; depth++) {
      const found = this.type(at);
      if (found?.kind !== 'd') return at;
      at = found.base;
    }
    return at;
  }

  /** A composite type, or a domain over one: the relation that has its columns, else 0. */
  relationOf(type: number): number {
    return this.type(this.baseOf(type))?.relation ?? 0;
  }

  isComplex(type: number): boolean {
    return this.relationOf(type) !== 0;
  }

  fieldsOf(type: number): readonly Column[] | null {
    const relation = this.relationOf(type);
    return relation === 0 ? null : (this.catalog.relation(relation)?.columns ?? null);
  }

  /** get_base_element_type: of true arrays (int2vector and oidvector included), domains looked through; else 0. */
  elementOf(type: number): number {
    const base = this.baseOf(type);
    if (base === oid.anyarray) return oid.anyelement;
    const found = this.type(base);
    return found?.isArray === true || base === oid.int2vector || base === oid.oidvector ? (found?.element ?? 0) : 0;
  }

  /** What subscripting gives: arrays and the fixed-length types that act as such; jsonb gives jsonb. */
  subscriptOf(type: number): number {
    const base = this.baseOf(type);
    if (base === oid.jsonb) return oid.jsonb;
    return this.type(base)?.element ?? 0;
  }

  arrayOf(type: number): number {
    if (type === undecided) return undecided;
    return this.type(type)?.array ?? 0;
  }

  category(type: number): string {
    if (type === oid.unknown) return 'X';
    return this.type(type)?.category ?? '';
  }

  isPreferred(type: number): boolean {
    return this.type(type)?.isPreferred ?? false;
  }

  isEnum(type: number): boolean {
    return this.type(this.baseOf(type))?.kind === 'e';
  }

  /** find_coercion_pathway; null: there's none. */
  pathway(source: number, target: number, context: CastContext): Pathway | null {
    const from = this.baseOf(source);
    const to = this.baseOf(target);
    if (from === to) return relabel;
    const cast = this.catalog.cast(from, to);
    if (cast !== undefined) return strength[context] >= strength[cast.context] ? ofCast(cast) : null;
    if (to !== oid.oidvector && to !== oid.int2vector) {
      const targetElement = this.trueElement(to);
      const sourceElement = this.trueElement(from);
      if (targetElement !== 0 && sourceElement !== 0) {
        const ofElements = this.pathway(sourceElement, targetElement, context);
        if (ofElements !== null) return ofElements;
      }
    }
    if (context === 'i') return null;
    if (this.category(to) === 'S') return throughText;
    return context === 'e' && this.category(from) === 'S' ? throughText : null;
  }

  /** get_element_type, which takes int2vector for no array. */
  private trueElement(type: number): number {
    if (type === oid.int2vector || type === oid.oidvector) return 0;
    const found = this.type(type);
    return found?.isArray === true ? found.element : 0;
  }

  /** can_coerce_type for one argument, polymorphic ones apart. */
  canCoerce(source: number, target: number, context: CastContext): boolean {
    if (source === target || source === undecided || target === undecided) return true;
    if (target === oid.any || isPolymorphic(target) || source === oid.unknown) return true;
    if (this.pathway(source, target, context) !== null) return true;
    if (source === oid.record && this.isComplex(target)) return true;
    if (target === oid.record && this.isComplex(source)) return true;
    if (source === oid.recordArray && this.isComplexArray(target)) return true;
    if (target === oid.recordArray && this.isComplexArray(source)) return true;
    return this.inheritsFrom(source, target);
  }

  isComplexArray(type: number): boolean {
    const element = this.elementOf(type);
    return element !== 0 && this.isComplex(element);
  }

  /** typeInheritsFrom: rows of a child table are rows of its parents'. */
  inheritsFrom(source: number, target: number): boolean {
    const child = this.relationOf(source);
    const parent = this.type(target)?.relation ?? 0;
    if (child === 0 || parent === 0) return false;
    return child === parent || this.catalog.ancestors(child).some((ancestor) => ancestor.oid === parent);
  }

  /** IsBinaryCoercible. */
  isBinaryCoercible(source: number, target: number): boolean {
    if (source === target || target === oid.any || target === oid.anyelement || target === oid.anycompatible)
      return true;
    const from = this.baseOf(source);
    if (from === target) return true;
    switch (target) {
      case oid.anyarray:
      case oid.anycompatiblearray:
        return this.trueElement(from) !== 0;
      case oid.anynonarray:
      case oid.anycompatiblenonarray:
        return this.trueElement(from) === 0;
      case oid.anyenum:
        return this.isEnum(from);
      case oid.anyrange:
      case oid.anycompatiblerange:
        return this.type(from)?.kind === 'r';
      case oid.anymultirange:
      case oid.anycompatiblemultirange:
        return this.type(from)?.kind === 'm';
      case oid.record:
        if (this.isComplex(from)) return true;
        break;
      case oid.recordArray:
        if (this.isComplexArray(from)) return true;
    }
    const cast = this.catalog.cast(from, target);
    return cast?.method === 'b' && cast.context === 'i';
  }

  /**
   * select_common_type: what UNION, CASE, VALUES, IN, ARRAY and the like make of their inputs; `undecided` if one of
   * those is; null if they don't agree.
   */
  commonType(types: readonly number[]): number | null {
    const [first = oid.unknown] = types;
    if (types.includes(undecided)) return undecided;
    if (first !== oid.unknown && types.every((type) => type === first)) return first;
    let common = this.baseOf(first);
    let category = this.category(common);
    let isPreferred = this.isPreferred(common);
    for (const each of types.slice(1)) {
      const type = this.baseOf(each);
      if (type === oid.unknown || type === common) continue;
      if (common === oid.unknown) {
        // Nothing is known yet: take it.
      } else if (this.category(type) !== category) {
        return null;
      } else if (isPreferred || !this.canCoerce(common, type, 'i') || this.canCoerce(type, common, 'i')) {
        continue;
      }
      common = type;
      category = this.category(type);
      isPreferred = this.isPreferred(type);
    }
    return common === oid.unknown ? oid.text : common;
  }
}

function ofCast(cast: Cast): Pathway {
  if (cast.method === 'b') return relabel;
  return cast.method === 'i' ? throughText : { method: 'function', function: cast.function };
}
