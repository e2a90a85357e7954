/** What a statement leaves behind in the server's session, strongest last. */
export type SessionEffect = 'none' | 'local' | 'settings' | 'reset' | 'unknown';

export interface StatementEffect {
  /** Leading keywords, lower case: 'select', 'begin', 'rollback to', 'set', 'set local', 'deallocate', 'discard', ... */
  readonly command: string;
  readonly effect: SessionEffect;
  /** Settings set or reset, lower case. For 'reset' an empty list means all of them (RESET ALL, DISCARD ALL). */
  readonly names: readonly string[];
  /**
   * The value as set_config would take it, for a 'settings' or SET LOCAL effect of one setting;
   * null where it is DEFAULT, FROM CURRENT or not told apart by the tokens alone.
   */
  readonly value: string | null;
  /** The folded name after DEALLOCATE, EXECUTE, SAVEPOINT, ROLLBACK TO, RELEASE; null for DEALLOCATE ALL and others. */
  readonly target: string | null;
}

export interface SessionEffects {
  /** The strongest effect of all statements. */
  readonly effect: SessionEffect;
  /** The first statement's command, '' for an empty text. */
  readonly first: string;
  /** One entry a statement; empty for an empty text, null where the text could not be told apart (effect is 'unknown'). */
  readonly statements: readonly StatementEffect[] | null;
}

/**
 * What a text does to the session that runs it, told from its tokens alone. Unsure means 'unknown'. For UTF-8 and
 * LATIN texts only: other encodings can hide a quote in the second byte of a character.
 */
export function sessionEffects(_text: string): SessionEffects {
  return { effect: 'unknown', first: '', statements: null };
}
