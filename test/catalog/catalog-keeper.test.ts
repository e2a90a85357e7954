import t, { type Test } from 'tap';
import { CatalogKeeper, type CatalogReader, type Clock, type KeeperOptions } from '../../src/catalog/catalog-keeper.js';
import type { LoadedCatalog } from '../../src/catalog/load-catalog.js';
import { type CatalogText, catalogSections } from '../../src/sql/catalog/catalog-text.js';

/** A clock that stands still until it is moved. What is due runs on the way, in order. */
class HeldClock implements Clock {
  #now = 0;
  #due: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const entry = { at: this.#now + delayMs, run };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  async move(byMs: number): Promise<void> {
    const until = this.#now + byMs;
    await settled();
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settled();
    }
    this.#now = until;
  }

  get isIdle(): boolean {
    return this.#due.length === 0;
  }
}

/** All promises that can be settled without the clock are. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A database whose catalog is one word. Answers at once, or when it is let. */
class Database implements CatalogReader {
  contents = 'one';
  /** Changes with every write, of temporary tables too. */
  writes = 0;
  failure: Error | null = null;
  looks = 0;
  loads = 0;
  #gate: { promise: Promise<void>; open: () => void } | null = null;

  hold(): void {
    let open = () => {};
    const promise = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gate = { promise, open };
  }

  async letGo(): Promise<void> {
    this.#gate?.open();
    this.#gate = null;
    await settled();
  }

  async readFingerprint() {
    this.looks += 1;
    return this.#answer(() => ({ pg_class: `${this.contents}${this.writes}` }));
  }

  async load(): Promise<LoadedCatalog> {
    this.loads += 1;
    return this.#answer(() => {
      const texts = catalogSections.map((section) => [section, JSON.stringify([this.contents])]);
      const sections = Object.fromEntries(texts) as CatalogText['sections'];
      return {
        serverMajor: 15,
        database: 'shop',
        timeZone: 'UTC',
        sections,
        fingerprint: { pg_class: `${this.contents}${this.writes}` },
      };
    });
  }

  /** What it says is as of the moment it was asked. */
  async #answer<Value>(read: () => Value): Promise<Value> {
    const value = read();
    await this.#gate?.promise;
    if (this.failure !== null) throw this.failure;
    return value;
  }
}

function open(options: Partial<KeeperOptions> = {}) {
  const clock = new HeldClock();
  const database = new Database();
  const versions: number[] = [];
  const failures: unknown[] = [];
  const keeper = new CatalogKeeper({
    reader: database,
    clock,
    onChange: ({ version }) => versions.push(version),
    onFailure: (error) => failures.push(error),
    ...options,
  });
  return { clock, database, keeper, versions, failures };
}

/** What is in force, or why nothing is. */
function inForce(keeper: CatalogKeeper): string {
  const state = keeper.state();
  return state.kind === 'known' ? contentsOf(state.catalog) : `unknown: ${state.why}`;
}

const contentsOf = ({ sections }: CatalogText) => (JSON.parse(sections.relations) as string[])[0] ?? '';

function isUnknown(t: Test, keeper: CatalogKeeper, why: RegExp): void {
  t.match(inForce(keeper), why);
  t.equal(keeper.knownVersion(), 0);
}

t.test('before the first look everything is unknown, and nobody is asked', async (t) => {
  const { keeper, database, clock } = open();
  isUnknown(t, keeper, /not been read yet/);
  await clock.move(10_000);
  t.equal(database.looks + database.loads, 0);
});

t.test('who waits gets the catalog as soon as it is read', async (t) => {
  const { keeper, clock, versions } = open();
  const waiting = keeper.whenKnown();
  await clock.move(0);
  t.equal(contentsOf(await waiting), 'one');
  t.equal(inForce(keeper), 'one');
  t.equal(keeper.knownVersion(), 1);
  t.same(versions, [1]);
});

t.test('while somebody watches, a look is made every 500 ms, and no reading without a change', async (t) => {
  const { keeper, clock, database, versions } = open();
  const leave = keeper.watch();
  await clock.move(0);
  await clock.move(5_000);
  t.equal(inForce(keeper), 'one');
  t.equal(database.looks, 10);
  t.equal(database.loads, 1);
  t.same(versions, [1]);
  leave();
  leave();
  await clock.move(10_000);
  t.equal(database.looks, 11, 'the look that was planned already, and then none');
  isUnknown(t, keeper, /not been asked about it lately/);
});

t.test("somebody else's change is in force within 500 ms, under a new version", async (t) => {
  const { keeper, clock, database, versions } = open();
  keeper.watch();
  await clock.move(100);
  database.contents = 'two';
  await clock.move(399);
  t.equal(inForce(keeper), 'one');
  await clock.move(1);
  t.equal(inForce(keeper), 'two');
  t.equal(keeper.knownVersion(), 2);
  t.same(versions, [1, 2]);
});

t.test('while a change is being read nothing is known', async (t) => {
  const { keeper, clock, database } = open();
  keeper.watch();
  await clock.move(0);
  database.contents = 'two';
  await clock.move(499);
  // The look is answered, the reading is not.
  const load = database.load.bind(database);
  database.load = () => {
    database.hold();
    return load();
  };
  await clock.move(1);
  isUnknown(t, keeper, /has changed, and is being read/);
  const waiting = keeper.whenKnown();
  await database.letGo();
  t.equal(contentsOf(await waiting), 'two');
});

t.test('what was seen is trusted for a second from the beginning of the look, not longer', async (t) => {
  const { keeper, clock, database } = open();
  keeper.watch();
  await clock.move(0);
  database.hold();
  await clock.move(1_000);
  t.equal(inForce(keeper), 'one');
  await clock.move(1);
  isUnknown(t, keeper, /not been asked about it lately/);
  await database.letGo();
  t.equal(inForce(keeper), 'one', 'the look that began 501 ms ago has ended');
});

t.test('a server that takes longer than it is trusted still serves those who wait', async (t) => {
  const { keeper, clock, database } = open();
  keeper.watch();
  await clock.move(0);
  await clock.move(499);
  database.hold();
  await clock.move(2_000);
  const late = keeper.whenKnown();
  await database.letGo();
  database.hold();
  await clock.move(3_000);
  t.equal(inForce(keeper).startsWith('unknown'), true);
  await database.letGo();
  t.equal(contentsOf(await late), 'one');
});

t.test(
  'DDL that was seen takes trust away at once, and a look that began before it does not give it back',
  async (t) => {
    const { keeper, clock, database } = open();
    keeper.watch();
    await clock.move(499);
    database.hold();
    await clock.move(1);
    keeper.distrust('DDL was committed');
    database.contents = 'two';
    isUnknown(t, keeper, /DDL was committed/);
    await database.letGo();
    isUnknown(t, keeper, /DDL was committed/);
    await clock.move(0);
    t.equal(inForce(keeper), 'two');
  },
);

t.test('DDL while a change is being read is read too', async (t) => {
  const { keeper, clock, database } = open();
  database.hold();
  const waiting = keeper.whenKnown();
  await clock.move(0);
  await clock.move(1);
  database.contents = 'two';
  keeper.distrust('DDL was committed');
  const askedAfter = keeper.whenKnown();
  await database.letGo();
  t.equal(contentsOf(await waiting), 'one', 'who asked before that is told what was');
  t.match(inForce(keeper), /^unknown/);
  await clock.move(0);
  t.equal(contentsOf(await askedAfter), 'two');
});

t.test('an error that smells of change brings the next look forward, and trust stays', async (t) => {
  const { keeper, clock, database } = open();
  keeper.watch();
  await clock.move(100);
  database.contents = 'two';
  keeper.hurry();
  t.equal(inForce(keeper), 'one');
  await clock.move(0);
  t.equal(inForce(keeper), 'two');
});

t.test('a flood of such errors makes no more than a look every 50 ms', async (t) => {
  const { keeper, clock, database } = open();
  keeper.watch();
  await clock.move(0);
  for (let ms = 0; ms < 1_000; ms += 1) {
    keeper.hurry();
    await clock.move(1);
  }
  t.ok(database.looks <= 20, `${database.looks} looks`);
  t.ok(database.looks >= 15, `${database.looks} looks`);
});

t.test("a change of somebody's temporary tables is looked into and makes no new version", async (t) => {
  const { keeper, clock, database, versions } = open();
  keeper.watch();
  await clock.move(0);
  database.writes += 1;
  await clock.move(500);
  t.equal(inForce(keeper), 'one');
  t.equal(database.loads, 2);
  t.same(versions, [1]);
});

t.test('a server that fails is asked again, ever more slowly, and is unknown after a second', async (t) => {
  const { keeper, clock, database, failures } = open();
  keeper.watch();
  await clock.move(0);
  database.failure = new Error('gone');
  await clock.move(900);
  t.equal(inForce(keeper), 'one');
  await clock.move(200);
  isUnknown(t, keeper, /does not tell it/);
  const before = failures.length;
  await clock.move(20_000);
  t.ok(failures.length - before <= 12, `${failures.length - before} in 20 s`);
  database.failure = null;
  await clock.move(2_000);
  t.equal(inForce(keeper), 'one');
});

t.test(
  'those who wait for a server that fails do not make it be asked faster, nor keep it from being asked',
  async (t) => {
    const { keeper, clock, database } = open({ times: { waitMs: 60_000 } });
    database.failure = new Error('gone');
    const waiting = [keeper.whenKnown()];
    for (let ms = 0; ms < 10_000; ms += 20) {
      waiting.push(keeper.whenKnown());
      await clock.move(20);
    }
    t.ok(database.loads >= 8 && database.loads <= 14, `${database.loads} tries in 10 s`);
    database.failure = null;
    await clock.move(2_000);
    t.equal(new Set((await Promise.all(waiting)).map(contentsOf)).size, 1);
  },
);

t.test('who waits longer than 5 s is refused with 57P03', async (t) => {
  const { keeper, clock, database } = open();
  database.failure = new Error('gone');
  const waiting = keeper.whenKnown();
  const refused = t.rejects(waiting, { sqlstate: '57P03', message: /does not tell it/ });
  await clock.move(5_000);
  await refused;
});

t.test('when whoever is told of a change fails, the change is not in force', async (t) => {
  let isBroken = true;
  const onChange = () => {
    if (isBroken) throw new Error('no thread');
  };
  const { keeper, clock } = open({ onChange });
  keeper.watch();
  await clock.move(0);
  isUnknown(t, keeper, /./);
  isBroken = false;
  await clock.move(1_000);
  t.equal(inForce(keeper), 'one');
});

t.test('closing refuses those who wait, forgets what was known, and leaves no timer', async (t) => {
  const { keeper, clock, database } = open();
  keeper.watch();
  await clock.move(0);
  t.equal(inForce(keeper), 'one');
  database.hold();
  await clock.move(1_500);
  const refused = t.rejects(keeper.whenKnown(), { sqlstate: '57P03', message: /no longer kept/ });
  keeper.close();
  await refused;
  isUnknown(t, keeper, /no longer kept/);
  await database.letGo();
  isUnknown(t, keeper, /no longer kept/);
  t.ok(clock.isIdle);
  await t.rejects(keeper.whenKnown(), { message: /no longer kept/ });
});
