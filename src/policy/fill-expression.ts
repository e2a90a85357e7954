import { quoteLiteral } from '../sql/quote.js';
import type { Attribute, PolicyExpression } from './file/expression.js';

/** Whose attributes an expression is filled with. */
export interface SessionIdentity {
  readonly user: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  readonly database: string;
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

/** An expression with the session's attributes as literals. */
export function fillExpression({ pieces }: PolicyExpression, session: SessionIdentity): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : literalOf(attributeOf(piece, session)))).join('');
}

/** `:user.name` is the client's user name even where an attribute has that name. */
function attributeOf(attribute: Attribute, session: SessionIdentity): string | readonly string[] | null {
  if (attribute.of === 'tenant') return session.tenant;
  if (attribute.of === 'session' || attribute.name === 'name') return session.user;
  return Object.hasOwn(session.attributes, attribute.name) ? (session.attributes[attribute.name] ?? null) : null;
}

/** A text has no type until it is compared, as any literal; with standard_conforming_strings a backslash is itself. */
function literalOf(value: string | readonly string[] | null): string {
  if (value === null) return ' NULL ';
  if (typeof value === 'string') return ` ${quoted(value)} `;
  const elements = value.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`);
  return ` ${quoted(`{${elements.join(',')}}`)}::text[] `;
}

function quoted(value: string): string {
  return quoteLiteral(value.replaceAll('\0', ''));
}
