import { undecided } from '../bound.js';
import type { Coercions } from './coercions.js';
import { isCompatibleFamily, isPolymorphic, oid } from './type-oids.js';

/** What the polymorphic arguments of a call agree on (parse_coerce.c, enforce_generic_type_consistency). */
export interface Generics {
  readonly isConsistent: boolean;
  /** The concrete type of an argument or result declared so; `undecided` where it can't be told. */
  resolve(declared: number): number;
}

/** One family: anyelement, or anycompatible. */
interface Family {
  element: number;
  array: number;
  range: number;
  multirange: number;
}

export function resolveGenerics(
  coercions: Coercions,
  actual: readonly number[],
  declared: readonly number[],
): Generics {
  if (!declared.some(isPolymorphic)) return { isConsistent: true, resolve: (type) => type };
  const exact = new FamilyOfOne(coercions);
  const compatible = new CommonFamily(coercions);
  let isUndecided = false;
  declared.forEach((type, index) => {
    if (!isPolymorphic(type)) return;
    const given = actual[index] ?? undecided;
    if (given === undecided) isUndecided = true;
    else (isCompatibleFamily(type) ? compatible : exact).add(type, given);
  });
  const families = { exact: exact.settle(), compatible: compatible.settle() };
  return {
    isConsistent: isUndecided || (families.exact !== null && families.compatible !== null),
    resolve: (type) => {
      if (!isPolymorphic(type)) return type;
      const family = isCompatibleFamily(type) ? families.compatible : families.exact;
      return isUndecided || family === null ? undecided : ofFamily(family, type);
    },
  };
}

function ofFamily(family: Family, type: number): number {
  switch (type) {
    case oid.anyarray:
    case oid.anycompatiblearray:
      return family.array;
    case oid.anyrange:
    case oid.anycompatiblerange:
      return family.range;
    case oid.anymultirange:
    case oid.anycompatiblemultirange:
      return family.multirange;
    default:
      return family.element;
  }
}

/** All arguments declared anyelement and its kin have exactly one type between them. */
class FamilyOfOne {
  private element = 0;
  private array = 0;
  private range = 0;
  private multirange = 0;
  private isConsistent = true;
  private mustBeEnum = false;
  private mustBeNoArray = false;

  constructor(private readonly coercions: Coercions) {}

  add(declared: number, given: number): void {
    if (declared === oid.anynonarray) this.mustBeNoArray = true;
    if (declared === oid.anyenum) this.mustBeEnum = true;
    if (given === oid.unknown) return;
    const { coercions } = this;
    switch (declared) {
      case oid.anyarray:
        this.array = this.same(this.array, coercions.baseOf(given));
        break;
      case oid.anyrange:
        this.range = this.same(this.range, coercions.baseOf(given));
        break;
      case oid.anymultirange:
        this.multirange = this.same(this.multirange, coercions.baseOf(given));
        break;
      default:
        this.element = this.same(this.element, given);
    }
  }

  private same(known: number, given: number): number {
    if (known !== 0 && known !== given) this.isConsistent = false;
    return given;
  }

  settle(): Family | null {
    const { coercions } = this;
    if (!this.isConsistent) return null;
    if (this.multirange !== 0 && coercions.type(this.multirange)?.kind !== 'm') return null;
    if (this.range === 0 && this.multirange !== 0) this.range = counterpart(coercions, this.multirange);
    if (this.range !== 0) {
      const kind = coercions.type(this.range)?.kind;
      if (kind !== 'r' || !this.agree(coercions.type(this.range)?.subtype ?? 0)) return null;
    }
    if (this.array !== 0 && this.array !== oid.anyarray) {
      const element = coercions.elementOf(this.array);
      if (element === 0 || !this.agree(element)) return null;
    } else if (this.array === oid.anyarray && this.element === 0) {
      this.element = oid.anyelement;
    }
    if (this.element !== 0 && this.mustBeNoArray && coercions.elementOf(this.element) !== 0) return null;
    if (this.element !== 0 && this.mustBeEnum && !coercions.isEnum(this.element)) return null;
    const element = this.element === 0 ? oid.text : this.element;
    const array = this.array === 0 ? coercions.arrayOf(element) : this.array;
    return { element, array, range: this.range, multirange: this.multirange || counterpart(coercions, this.range) };
  }

  private agree(element: number): boolean {
    if (this.element !== 0 && this.element !== element) return false;
    this.element = element;
    return true;
  }
}

/** All arguments declared anycompatible and its kin are converted to a type that they have in common. */
class CommonFamily {
  private readonly elements: number[] = [];
  private range = 0;
  private multirange = 0;
  private isConsistent = true;
  private mustBeNoArray = false;

  constructor(private readonly coercions: Coercions) {}

  add(declared: number, given: number): void {
    const { coercions } = this;
    if (declared === oid.anycompatiblenonarray) this.mustBeNoArray = true;
    if (given === oid.unknown) return;
    const base = coercions.baseOf(given);
    switch (declared) {
      case oid.anycompatiblearray: {
        const element = coercions.elementOf(base);
        if (element === 0) this.isConsistent = false;
        else this.elements.push(element);
        break;
      }
      case oid.anycompatiblerange:
        if (this.range !== 0 && this.range !== base) this.isConsistent = false;
        this.range = base;
        this.addSubtype(base, 'r');
        break;
      case oid.anycompatiblemultirange:
        if (this.multirange !== 0 && this.multirange !== base) this.isConsistent = false;
        this.multirange = base;
        this.addSubtype(counterpart(coercions, base), 'r');
        break;
      default:
        this.elements.push(given);
    }
  }

  private addSubtype(range: number, kind: 'r'): void {
    const type = this.coercions.type(range);
    if (type?.kind !== kind) this.isConsistent = false;
    else this.elements.push(type.subtype);
  }

  settle(): Family | null {
    const { coercions } = this;
    if (!this.isConsistent) return null;
    const element = this.elements.length === 0 ? oid.text : coercions.commonType(this.elements);
    if (element === null) return null;
    // verify_common_type
    if (this.elements.some((each) => !coercions.canCoerce(each, element, 'i'))) return null;
    if (this.mustBeNoArray && coercions.elementOf(element) !== 0) return null;
    const range = this.range || counterpart(coercions, this.multirange);
    if (range !== 0 && coercions.type(range)?.subtype !== element) return null;
    const multirange = this.multirange || counterpart(coercions, range);
    return { element, array: coercions.arrayOf(element), range, multirange };
  }
}

function counterpart(coercions: Coercions, type: number): number {
  return type === 0 ? 0 : (coercions.type(type)?.counterpart ?? 0);
}
