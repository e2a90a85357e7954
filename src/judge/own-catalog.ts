import { BoundedCache } from '../cache/bounded-cache.js';
import type { LoadedCatalog } from '../catalog/load-catalog.js';
import { ProxyError } from '../errors/proxy-error.js';
import type { JudgeThreads } from './judge-threads.js';
import type { Judgement } from './judgement.js';
import { nextVersion } from './versions.js';

/** Each takes as much memory in the judging threads as a database's own. */
const ownCatalogsMax = 8;
/** Of one tenant: none keeps the others from it. */
const ofTenantMax = 6;
const cacheBytesMax = 1024 * 1024;
const judgementBytes = 1_000;

let catalogs = 0;
const openTenants: string[] = [];

/** A catalog as one open transaction sees it. It judges that session's statements alone, and so do its judgements. */
export class OwnCatalog {
  readonly key: string;
  readonly version = nextVersion();
  readonly cache = new BoundedCache<Judgement>(cacheBytesMax, judgementBytes);
  readonly #threads: JudgeThreads;
  readonly #tenant: string;
  #questions = 0;
  #isDropped = false;

  /** @param judgedBy version of the judge beside which it was read: what others change shows there */
  private constructor(
    threads: JudgeThreads,
    { fingerprint, ...loaded }: LoadedCatalog,
    readonly judgedBy: number,
    tenant: string,
  ) {
    catalogs += 1;
    openTenants.push(tenant);
    this.#tenant = tenant;
    this.key = `own catalog ${catalogs}`;
    this.#threads = threads;
    threads.tell({ kind: 'catalog', key: this.key, catalog: { ...loaded, version: this.version } });
  }

  /** @throws ProxyError when too many are open */
  static open(threads: JudgeThreads, loaded: LoadedCatalog, judgedBy: number, tenant: string): OwnCatalog {
    const itsOwn = openTenants.filter((each) => each === tenant).length;
    if (openTenants.length < ownCatalogsMax && itsOwn < ofTenantMax)
      return new OwnCatalog(threads, loaded, judgedBy, tenant);
    throw new ProxyError('rateLimited', 'too many transactions that define things are open', {
      hint: 'End this one, and try again when others have ended.',
    });
  }

  /** A question names it until that is answered. */
  async during<Value>(question: Promise<Value>): Promise<Value> {
    this.#questions += 1;
    const answer = await question;
    this.#questions -= 1;
    this.#forgetIfDone();
    return answer;
  }

  /** The transaction has ended, or has defined more. */
  drop(): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    this.#forgetIfDone();
  }

  #forgetIfDone(): void {
    if (!this.#isDropped || this.#questions > 0) return;
    openTenants.splice(openTenants.indexOf(this.#tenant), 1);
    this.#threads.tell({ kind: 'forget', key: this.key });
  }
}
