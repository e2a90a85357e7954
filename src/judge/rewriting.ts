import { clientPosition, printTemplate, type RewriteTemplate } from '../sql/rewrite/template.js';
import { keyOf } from '../sql/shape.js';

/** What a text that was judged so is sent as. */
export function sentText(template: RewriteTemplate, text: string): string {
  return printTemplate(template, literalsOf(text));
}

/** Where a place in what was sent lies in the client's text. Both count characters from 1. */
export function placeInText(template: RewriteTemplate, text: string, position: number): number {
  return clientPosition(template, literalsOf(text), position);
}

function literalsOf(text: string): readonly string[] {
  return keyOf(text)?.literals ?? [];
}
