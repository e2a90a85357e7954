import { execFileSync } from 'node:child_process';
import pg from 'pg';
import t, { type Test } from 'tap';
import { fingerprintSql } from '../../src/catalog/fingerprint.js';
import { type CatalogLoader, CatalogSession } from '../../src/catalog/load-catalog.js';
import type { Cast, Relation } from '../../src/sql/catalog/catalog.js';
import type { CatalogIndex } from '../../src/sql/catalog/catalog-index.js';
import { kinds, openLoader, readCatalog } from '../support/catalog.js';
import { fixtureFor } from '../support/catalog-fixture.js';
import { type Postgres, startPostgres } from '../support/postgres.js';
import { supportUser } from '../support/postgres-template.js';
import { until } from '../support/until.js';

/** What psql prints for its commands, fields apart: a row an array. */
function psql(server: Postgres, command: string): string[][] {
  const tool = server.tool('psql');
  if (tool === null) throw new Error('no psql');
  const args = ['-XAt', '-F', '\t', '-R', '\x1e', '-d', server.url, '-c', command];
  const output = execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 64 << 20 }).replace(/\n$/, '');
  return output === '' ? [] : output.split('\x1e').map((line) => line.split('\t'));
}

const sorted = (rows: readonly (readonly string[])[]) => rows.map((row) => row.join(' | ')).sort();

/** What format_type says of types, asked in one go. */
async function typeNames(server: Postgres, types: readonly (readonly [number, number | null])[]): Promise<string[]> {
  const values = JSON.stringify(types);
  const rows = await server.query(
    `select format_type((v->>0)::oid, (v->>1)::int) as name from json_array_elements('${values}') with ordinality o(v, n) order by n`,
  );
  return rows.map(({ name }) => String(name));
}

/** Over one connection the catalog is read, over the other it is changed. */
async function openBoth(t: Test, url: string) {
  const loader = await openLoader(url);
  const owner = new pg.Client(url);
  await owner.connect();
  t.teardown(async () => {
    loader.close();
    await owner.end();
  });
  return { loader, owner };
}

const inUserSchemas = ({ schema }: { readonly schema: string }) =>
  !schema.startsWith('pg_') && schema !== 'information_schema';

for (const kind of kinds) {
  t.test(`the catalog of the ${kind} server`, async (t) => {
    const server = await startPostgres({ kind });
    t.teardown(() => server.stop());
    await server.query(fixtureFor(server.major));
    const index = await readCatalog(server);
    const { catalog } = index;
    const shop = (name: string): Relation => {
      const relation = index.relationByName('shop', name);
      if (relation === undefined) throw new Error(`no ${name}`);
      return relation;
    };
    const typeName = (oid: number) => index.type(oid)?.name;

    t.test('it says which server and database it is of', async (t) => {
      t.equal(catalog.serverMajor, server.major);
      t.equal(catalog.database, 'postgres');
    });

    t.test('its relations are those of \\d, with kinds and owners', async (t) => {
      const words: Record<string, string> = {
        ...{ r: 'table', p: 'partitioned table', v: 'view', m: 'materialized view', S: 'sequence', f: 'foreign table' },
      };
      const ours = catalog.relations.filter(({ kind, schema }) => kind !== 'c' && schema !== 'pg_toast');
      const theirs = [...psql(server, '\\dtvmsfS *.*')].filter(([schema]) => schema !== 'pg_toast');
      const all = ours.map(({ schema, name, kind, owner }) => [schema, name, words[kind] ?? kind, owner]);
      t.same(sorted(all), sorted(theirs));
    });

    t.test('its indexes and schemas are those of \\di and \\dn', async (t) => {
      const indexes = Object.entries(catalog.indexes).flatMap(([schema, indexes]) =>
        Object.keys(indexes).map((name) => [schema, name]),
      );
      const theirs = psql(server, '\\diS *.*').filter(([schema]) => schema !== 'pg_toast');
      t.same(sorted(indexes), sorted(theirs.map(([schema = '', name = '']) => [schema, name])));
      t.equal(index.indexedRelation('shop', 'customers_plain'), index.relationByName('shop', 'customers')?.oid);
      t.equal(index.indexedRelation('shop', 'customers'), undefined);
      const schemas = psql(server, '\\dnS').filter(([name]) => name !== 'pg_toast');
      t.same(sorted(catalog.schemas.map(({ name, owner }) => [name, owner])), sorted(schemas));
    });

    t.test(
      'the columns of every relation are those of \\d, in order, with type, nullability and default',
      async (t) => {
        await sameColumns(t, server, index);
      },
    );

    t.test('a dropped column leaves a gap, and expressions, types and collations are told', async (t) => {
      const { columns } = shop('customers');
      t.same(
        columns.map(({ name, attnum }) => [name, attnum]),
        [
          ['id', 1],
          ['region', 2],
          ['name', 3],
          ['born', 5],
          ['address', 6],
          ['moods', 7],
          ['credit', 8],
          ['upper_name', 9],
        ],
      );
      const byName = new Map(columns.map((column) => [column.name, column]));
      t.match(byName.get('id'), { identity: 'a', generated: '', notNull: true, hasDefault: false });
      t.match(byName.get('name'), { hasDefault: true, notNull: false, identity: '' });
      t.match(byName.get('upper_name'), { generated: 's', hasDefault: true });
      t.equal(index.collation(byName.get('region')?.collation ?? 0)?.name, 'C');
      t.equal(byName.get('region')?.typmod, 24);
      t.equal(shop('orders').columns[0]?.identity, 'd');
      if (server.major >= 18) t.equal(shop('virtual').columns[1]?.generated, 'v');
    });

    t.test('keys: primary, unique, deferrable, partial, over expressions, covering, foreign', async (t) => {
      const { primaryKey, uniqueKeys } = shop('customers');
      t.match(primaryKey, { name: 'customers_pkey', columns: [1], isConstraint: true, isDeferrable: false });
      const usual = { isConstraint: true, isDeferrable: false, isPartial: false, nullsNotDistinct: false };
      t.strictSame(uniqueKeys, [
        { ...usual, name: 'born_once', columns: [5], isDeferrable: true },
        { ...usual, name: 'customers_covering', columns: [1], isConstraint: false },
        { ...usual, name: 'customers_lower', columns: [0, 1], isConstraint: false, isPartial: true },
        { ...usual, name: 'customers_region_name_key', columns: [2, 3] },
      ]);
      t.same(shop('orders').primaryKey?.columns, [1, 3]);
      t.strictSame(shop('orders').foreignKeys, [
        { name: 'orders_customer_fkey', columns: [2], target: shop('customers').oid, targetColumns: [1] },
      ]);
      if (server.major >= 15) t.equal(shop('nulls').uniqueKeys[0]?.nullsNotDistinct, true);
    });

    t.test('partitions and inheritance, over all levels, parents in their order', async (t) => {
      const names = (relations: readonly Relation[]) => relations.map(({ name }) => name).sort();
      t.same(names(index.children(shop('orders').oid)), ['orders_2025', 'orders_2026']);
      t.same(names(index.descendants(shop('orders').oid)), ['orders_2025', 'orders_2026', 'orders_2026_one']);
      t.same(names(index.ancestors(shop('orders_2026_one').oid)), ['orders', 'orders_2026']);
      t.equal(shop('orders_2026_one').isPartition, true);
      t.same(shop('derived').parents, [shop('base').oid, shop('other_base').oid]);
      t.equal(shop('derived').isPartition, false);
      t.same(index.children(shop('customers').oid), []);
    });

    t.test('owners, persistence, row security, a table without columns, odd names', async (t) => {
      t.same([shop('base').owner, shop('derived').owner], ['clerk', supportUser]);
      t.same([shop('fleeting').persistence, shop('base').persistence], ['u', 'p']);
      t.same(
        ['base', 'derived', 'customers'].map((name) => shop(name).rowSecurity),
        ['on', 'forced', 'off'],
      );
      t.same(shop('nothing').columns, []);
      const odd = index.relationByName('Odd "Names"', 'Ta ble');
      t.same(
        odd?.columns.map(({ name }) => name),
        ['Col "umn"', 'select'],
      );
    });

    t.test('views: options, and what they read and call', async (t) => {
      t.match(shop('rich').view, { checkOption: 'local', securityBarrier: false, securityInvoker: false });
      t.match(shop('fenced').view, { checkOption: 'none', securityBarrier: true });
      t.match(shop('checked').view, { checkOption: 'cascaded', securityBarrier: false });
      t.same(shop('fenced').view?.reads, [shop('rich').oid]);
      t.same(shop('sums').view?.reads, [shop('customers').oid]);
      t.same([shop('fenced').view?.computed, shop('counted').view?.computed], [[], [1]]);
      t.same(shop('counted').view?.calls, [index.functionsByName('counts', 'shop')[0]?.oid]);
      t.equal(shop('customers').view, null);
      const locks = index.relationByName('pg_catalog', 'pg_locks')?.view;
      t.same(locks?.calls, [index.functionsByName('pg_lock_status', 'pg_catalog')[0]?.oid]);
      if (server.major >= 15) t.match(shop('invoked').view, { securityInvoker: true, securityBarrier: false });
    });

    t.test("triggers and rules, without PostgreSQL's own", async (t) => {
      const touch = index.functionsByName('touch', 'shop')[0]?.oid ?? 0;
      const usual = { function: touch, enabled: 'O' };
      t.same(shop('customers').triggers, [
        { ...usual, name: 'touch_all', timing: 'after', events: ['truncate'], forEach: 'statement', enabled: 'D' },
        { ...usual, name: 'touch_row', timing: 'before', events: ['insert', 'update'], forEach: 'row' },
      ]);
      t.match(shop('rich').triggers, [{ timing: 'instead of', events: ['delete'] }]);
      t.same(shop('orders').triggers, []);
      t.same(shop('fleeting').rules, [
        { name: 'also', event: 'insert', isInstead: false },
        { name: 'no_delete', event: 'delete', isInstead: true },
      ]);
      t.same(shop('rich').rules, []);
    });

    t.test('types are those of \\dT, and enums, domains, composites, ranges and arrays are told apart', async (t) => {
      const theirs = psql(server, '\\dT shop.*').map(([, name = '']) => name.replace('shop.', ''));
      const isListed = ({ kind, isArray, relation }: { kind: string; isArray: boolean; relation: number }) =>
        !isArray && (kind !== 'c' || index.relation(relation)?.kind === 'c');
      const ours = catalog.types.filter((type) => type.schema === 'shop' && isListed(type));
      t.same(ours.map(({ name }) => name).sort(), theirs.sort());
      const shopType = (name: string) => index.typeByName('shop', name);
      t.same(shopType('mood')?.labels, ['sad', 'ok', 'so so', 'happy']);
      t.equal(shopType('mood')?.kind, 'e');
      t.match(shopType('positive'), { kind: 'd', notNull: true, baseTypmod: ((10 << 16) | 2) + 4 });
      t.equal(typeName(shopType('positive')?.base ?? 0), 'numeric');
      t.equal(typeName(shopType('more_positive')?.base ?? 0), 'positive');
      const address = index.relation(shopType('address')?.relation ?? 0);
      t.same(
        address?.columns.map(({ name, type }) => [name, typeName(type)]),
        [
          ['street', 'text'],
          ['zip', 'varchar'],
          ['mood', 'mood'],
        ],
      );
      t.equal(address?.kind, 'c');
      t.equal(typeName(shopType('span')?.subtype ?? 0), 'numeric');
      t.match(shopType('_mood'), { isArray: true, element: shopType('mood')?.oid, category: 'A' });
      t.equal(shopType('mood')?.array, shopType('_mood')?.oid);
      t.equal(shopType('shell')?.isDefined, false);
      t.equal(index.relationByName('shop', 'customers')?.rowType, shopType('customers')?.oid);
      t.match(index.typeByName('pg_catalog', 'name'), { isArray: false, element: 18 });
      const multirange = index.type(shopType('span')?.counterpart ?? 0);
      if (server.major >= 14) t.match(multirange, { kind: 'm', counterpart: shopType('span')?.oid });
    });

    t.test('functions: overloads, defaults, variadic, polymorphic, out, tables, aggregates, procedures', async (t) => {
      const words = { f: 'func', p: 'proc', a: 'agg', w: 'window' } as const;
      const theirs = psql(server, '\\df *.*');
      t.same(
        sorted(catalog.functions.map(({ schema, name, kind }) => [schema, name, words[kind]])),
        sorted(
          theirs.map(([schema = '', name = '', , , kind = '']) => [schema, name, kind === 'trigger' ? 'func' : kind]),
        ),
      );
      const [add] = index.functionsByName('add', 'shop').filter((one) => typeName(one.returns) === 'int4');
      t.match(add, { defaults: 1, volatility: 'i', isStrict: true, isLeakproof: true, language: 'sql', kind: 'f' });
      t.same(add?.argumentNames, ['a', 'b']);
      t.equal(index.functionsByName('add', 'shop').length, 2);
      const [joined] = index.functionsByName('joined');
      t.same([typeName(joined?.variadic ?? 0), joined?.arguments.map(typeName)], ['text', ['text', '_text']]);
      const [pick] = index.functionsByName('pick', 'shop');
      t.same(pick?.arguments.map(typeName), ['anyelement', 'anyarray']);
      const [both] = index.functionsByName('both', 'shop');
      t.same(both?.arguments.map(typeName), ['int4', 'text']);
      t.same(both?.argumentModes, ['i', 'o', 'b', 'o']);
      t.same(both?.allArguments.map(typeName), ['int4', 'int4', 'text', 'bool']);
      t.match(index.functionsByName('listed')[0], { returnsSet: true, fixesNames: false });
      t.match(index.functionsByName('tidy', 'shop')[0], { kind: 'p' });
      t.match(index.functionsByName('middle', 'shop')[0], { kind: 'a', aggregate: 'o', directArguments: 1 });
      t.match(index.functionsByName('total', 'shop')[0], { kind: 'a', aggregate: 'n', returns: 23 });
      t.match(index.functionsByName('row_number', 'pg_catalog')[0], { kind: 'w', aggregate: null });
    });

    t.test('operators are those of \\do, casts those of \\dC, collations those of \\dO', async (t) => {
      const types = catalog.operators.flatMap(({ left, right, result }) => [left, right, result]);
      const pairs = [...catalog.casts.flatMap(({ source, target }) => [source, target]), ...types];
      const names = await typeNames(
        server,
        [...new Set(pairs)].map((oid) => [oid, null]),
      );
      const nameOf = new Map([...new Set(pairs)].map((oid, at) => [oid, oid === 0 ? '' : (names[at] ?? '')]));
      const name = (oid: number) => nameOf.get(oid) ?? '?';
      const operators = catalog.operators.map(({ schema, name: own, left, right, result }) => [
        ...[schema, own, name(left), name(right), name(result)],
      ]);
      t.same(sorted(operators), sorted(psql(server, '\\doS *.*').map((row) => row.slice(0, 5))));
      const contexts = { i: 'yes', a: 'in assignment', e: 'no' } as const;
      // \\dC leaves out what is between two types that are off the search path.
      const isShown = (cast: Cast) =>
        [cast.source, cast.target].some((oid) => index.type(oid)?.schema === 'pg_catalog');
      const casts = catalog.casts.filter(isShown).map(({ source, target, function: calls, context, method }) => {
        const how =
          method === 'f' ? index.function(calls)?.name : method === 'b' ? '(binary coercible)' : '(with inout)';
        return [name(source), name(target), how ?? '?', contexts[context]];
      });
      t.same(sorted(casts), sorted(psql(server, '\\dC')));
      const collations = catalog.collations.filter(inUserSchemas).map(({ schema, name: own }) => [schema, own]);
      t.same(sorted(collations), [['shop', 'german'].join(' | ')]);
      t.equal(index.operatorsByName('!!!', 'shop')[0]?.left, 0);
    });

    t.test('temporary tables and TOAST tables are not in it', async (t) => {
      t.same(
        catalog.relations.filter(({ schema }) => /^pg_(temp|toast)/.test(schema)),
        [],
      );
    });

    t.test('an account without any right reads the same', async (t) => {
      await server.query(`create role nobody_much login password 'x'; revoke all on schema public from public`);
      const theirs = await readCatalog(server, server.urlFor('postgres', 'nobody_much', 'x'));
      const ours = await readCatalog(server);
      t.same(theirs.catalog, ours.catalog);
    });

    t.test("functions of somebody's own that are named like PostgreSQL's are not called", async (t) => {
      await server.query(`create function public.json_build_array(bigint, name, name) returns json language plpgsql
        as 'begin raise exception ''called''; end'; grant all on schema public to public;
        alter role postgres set search_path = public, pg_catalog`);
      t.teardown(() => server.query(`drop function public.json_build_array; alter role postgres reset search_path`));
      await t.resolves(readCatalog(server));
    });

    t.test('is looked through only after a transaction has ended', async (t) => {
      const { loader, owner } = await openBoth(t, server.url);
      const asked: string[] = [];
      const counted: CatalogLoader = {
        ask: (sql) => {
          asked.push(sql);
          return loader.ask(sql);
        },
      };
      const session = await CatalogSession.open(counted);
      const looked = async () => {
        asked.length = 0;
        const fingerprint = await session.readFingerprint();
        return { fingerprint, isWhole: asked.includes(fingerprintSql) };
      };
      const before = await looked();
      t.ok(before.isWhole);
      // Another's transaction, of whatever database, may have ended meanwhile.
      await until('a look that is not whole', async () => !(await looked()).isWhole);
      await owner.query('begin; create table shop.slow (a int)');
      await looked();
      t.same((await looked()).fingerprint.pg_class, before.fingerprint.pg_class);
      await owner.query('savepoint s; alter table shop.slow add b int; rollback to s; commit');
      const after = await looked();
      t.ok(after.isWhole);
      t.not(after.fingerprint.pg_class, before.fingerprint.pg_class);
      await owner.query('drop table shop.slow');
    });

    t.test('what comes and goes in temporary schemas leaves the fingerprint as it is', async (t) => {
      const { loader, owner } = await openBoth(t, server.url);
      const session = await CatalogSession.open(loader);
      const looked = async () => {
        const { snapshot: _, ...fingerprint } = await session.readFingerprint();
        return fingerprint;
      };
      const before = await looked();
      await owner.query(`create temp table mine (id serial primary key, a text default 'x' check (a <> ''), p int references mine)
        partition by list (id); create temp table mine_1 partition of mine for values in (1); create temp view mine_too as
        select id from mine; create index on mine (a); alter table mine enable row level security; create policy p on mine;
        create type pg_temp.colour as enum ('red'); create type pg_temp.pair as (a int, b int); create domain pg_temp.small as
        int check (value < 9); create type pg_temp.span as range (subtype = int4); create cast (pg_temp.colour as int) with inout;
        create function pg_temp.f() returns trigger language plpgsql as 'begin return new; end';
        create trigger t before insert on mine for each row execute function pg_temp.f();
        create collation pg_temp.c from "C"; create temp sequence counts`);
      t.same(await looked(), before);
      await owner.query('create table shop.lasting (a int)');
      t.notSame(await looked(), before);
      await owner.query('drop table shop.lasting');
    });

    t.test('a database that is larger than the limits is refused', async (t) => {
      const loader = await openLoader(server.url);
      t.teardown(() => loader.close());
      const limits = { relationsMax: 10, columnsMax: 1e6, functionsMax: 1e6, statementTimeoutMs: 5_000 };
      const session = await CatalogSession.open(loader, limits);
      await t.rejects(session.load(), { message: /more than 10 relations/, sqlstate: '0A000' });
      t.equal(await loader.ask('select 1'), '1', 'and the connection is as good as before');
    });
  });
}

/** \d of each relation says: column, type, collation, nullable, default (sequences and indexes say others). */
async function sameColumns(t: Test, server: Postgres, index: CatalogIndex): Promise<void> {
  const relations = index.catalog.relations.filter(
    ({ kind, schema, name }) => kind !== 'S' && (inUserSchemas({ schema }) || name < 'pg_b'),
  );
  const quoted = ({ schema, name }: Relation) =>
    [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
  const wanted = relations.map((relation) => `\\echo = ${quoted(relation)}\n\\d ${quoted(relation)}`).join('\n');
  const tool = server.tool('psql') ?? 'psql';
  const output = execFileSync(tool, ['-XAt', '-F', '\t', '-d', server.url], { encoding: 'utf8', input: wanted });
  const theirs = output
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line.startsWith('=') ? line : line.split('\t').slice(0, 5).join(' | ')));
  const columns = relations.flatMap((relation) => relation.columns);
  const types = await typeNames(
    server,
    columns.map(({ type, typmod }) => [type, typmod]),
  );
  const typeOf = new Map(columns.map((column, at) => [column, types[at]]));
  const ours = relations.flatMap((relation) => [
    `= ${quoted(relation)}`,
    ...relation.columns.map((column) => [column.name, typeOf.get(column), ...flagsOf(index, column)].join(' | ')),
  ]);
  // The text of a default is not ours to know: that there is one is.
  const withoutTexts = theirs.map((line) => {
    const [name, type, collation, nullable, ...rest] = line.split(' | ');
    if (line.startsWith('=') || rest.length === 0) return line;
    return [name, type, collation, nullable, toldDefault(rest.join(' | '))].join(' | ');
  });
  t.same(ours, withoutTexts);
}

function toldDefault(text: string): string {
  const known = /^generated (always as identity|by default as identity)$/.test(text);
  if (known || text === '') return text;
  // A psql older than 18 shows a virtual column as one with a default.
  return text.startsWith('generated always as (') && text.endsWith('stored') ? 'stored' : 'default';
}

function flagsOf(index: CatalogIndex, column: Relation['columns'][number]): string[] {
  const { collation, type, notNull, hasDefault, generated, identity } = column;
  const isUsual = collation === (index.type(type)?.collation ?? 0);
  const identities = { '': '', a: 'generated always as identity', d: 'generated by default as identity' };
  const generations = { '': hasDefault ? 'default' : '', s: 'stored', v: 'default' };
  return [
    isUsual ? '' : (index.collation(collation)?.name ?? '?'),
    notNull ? 'not null' : '',
    identity === '' ? generations[generated] : identities[identity],
  ];
}
