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
