import { BoundedCache } from '../../cache/bounded-cache.js';
import { type SessionEffects, sessionEffects } from '../../sql/session-effects.js';
import type { KeyedText } from '../../sql/shape.js';

/** Bytes of what is kept of keys met lately, and of one of them beside the key, about. */
const keysBytesMax = 4 * 1024 * 1024;
const effectsBytes = 300;

/** What texts do to their session, kept by their keys: most differ from one that came before in literals alone. */
export class KnownEffects {
  readonly #byKey = new BoundedCache<SessionEffects>(keysBytesMax, effectsBytes);

  /** @param keyed `keyOf` the text */
  of(text: string, keyed: KeyedText): SessionEffects {
    const known = this.#byKey.get(keyed.key);
    if (known !== undefined) return known;
    const effects = sessionEffects(text);
    // Of literals only set_config's are read, and what calls that does something to the session.
    if (keyed.literals.length === 0 || effects.effect === 'none') this.#byKey.set(keyed.key, effects);
    return effects;
  }
}
