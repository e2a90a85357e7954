import { clientPosition, printTemplate, type RewriteTemplate } from '../sql/rewrite/template.js';
import { type KeyedText, keyOf } from '../sql/shape.js';

/**
 * What a text that was judged so is sent as.
 * @param keyed `keyOf` the text
 */
export function sentText(template: RewriteTemplate, keyed: KeyedText | null): string {
  return printTemplate(template, keyed?.literals ?? []);
}

/** Where a place in what was sent lies in the client's text. Both count characters from 1. */
export function placeInText(template: RewriteTemplate, text: string, position: number): number {
  return clientPosition(template, keyOf(text)?.literals ?? [], position);
}

/** A message of the server's, with names as the client wrote them: without the schemas that were put before them. */
export function inClientsNames({ pieces }: RewriteTemplate, text: string, message: string): string {
  const schemas = pieces.flatMap(({ part, from }) =>
    from === 'added' && typeof part === 'string' ? schemaIn(part) : [],
  );
  return [...new Set(schemas)].reduce((told, schema) => {
    const isWritten = text.includes(`${schema}.`) || text.includes(`"${schema}".`);
    return isWritten ? told : told.replaceAll(`"${schema}.`, '"').replaceAll(` ${schema}.`, ' ');
  }, message);
}

/** Of what puts a schema before a name: `shop.`, `"Shop".`; else none. */
function schemaIn(added: string): string[] {
  const found = /^(?:"((?:[^"]|"")+)"|(\w+))\.$/.exec(added);
  return found === null ? [] : [found[1]?.replaceAll('""', '"') ?? (found[2] as string)];
}
