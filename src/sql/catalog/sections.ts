import type { CatalogSection, CatalogText } from './catalog-text.js';

/** The texts of a catalog, taken apart one by one. */
export class Sections {
  constructor(readonly texts: CatalogText['sections']) {}

  read<Fact>(section: CatalogSection): readonly Fact[] {
    return JSON.parse(this.texts[section]) as readonly Fact[];
  }

  /** The facts that begin with the oid that they belong to, by that oid. */
  byOid<Fact extends readonly [number, ...unknown[]]>(section: CatalogSection): (oid: number) => readonly Fact[] {
    const facts = new Map<number, Fact[]>();
    for (const fact of this.read<Fact>(section)) {
      const others = facts.get(fact[0]);
      if (others === undefined) facts.set(fact[0], [fact]);
      else others.push(fact);
    }
    return (oid) => facts.get(oid) ?? none;
  }
}

export const none: readonly never[] = [];

/** An int2vector or oidvector as PostgreSQL prints it: "1 2", or "" when it is empty. */
export function numbersIn(vector: string): readonly number[] {
  return vector === '' ? none : vector.split(' ').map(Number);
}
