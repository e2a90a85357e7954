/** What is asked of a server one by one; each answer is a JSON text. */
export const catalogSections = [
  'schemas',
  'relations',
  'indexes',
  'tableIndexes',
  'columns',
  'keys',
  'foreignKeys',
  'parents',
  'triggers',
  'rules',
  'viewReads',
  'policyReads',
  'sequenceUsers',
  'types',
  'enumLabels',
  'typeOperators',
  'domainChecks',
  'functions',
  'operators',
  'casts',
  'collations',
  'mentions',
  'newestDefinition',
] as const;

export type CatalogSection = (typeof catalogSections)[number];

/**
 * A catalog as the server told it: a few long texts, which go to another thread at the cost of copying bytes. The
 * thread that handles clients passes them on and never walks them; `parseCatalog` makes the catalog where it is used.
 */
export interface CatalogText {
  /** Grows with every change that was seen; never used twice for different contents. */
  readonly version: number;
  readonly serverMajor: number;
  readonly database: string;
  /** TimeZone where nobody sets it: what a policy means by a day. */
  readonly timeZone: string;
  /** JSON, an array of facts each. */
  readonly sections: Readonly<Record<CatalogSection, string>>;
}
