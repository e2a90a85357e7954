import fc from 'fast-check';
import t from 'tap';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { decodeErrorFields, type ErrorFields, encodeErrorFields } from '../../../protocol/messages/error-fields.js';
import { bytes } from '../support/bytes.js';
import { text } from '../support/generated.js';
import { messageClaims } from '../support/message-claims.js';

const every: ErrorFields = {
  severity: 'FEHLER',
  severityNonLocalized: 'ERROR',
  sqlstate: '23505',
  message: 'm',
  detail: 'd',
  hint: 'h',
  where: 'w',
  schema: 's',
  table: 't',
  column: 'c',
  dataType: 'y',
  constraint: 'n',
  position: '8',
  internalPosition: '9',
  internalQuery: 'q',
  file: 'f.c',
  line: '1',
  routine: 'r',
  unknown: [
    ['Z', 'z'],
    ['Y', ''],
  ],
};

const { unknown: _, severity, sqlstate, message, ...optional } = every;
const generated = fc.record(
  {
    severity: text,
    sqlstate: text,
    message: text,
    ...Object.fromEntries(Object.keys(optional).map((field) => [field, text])),
    unknown: fc.array(fc.tuple(fc.constantFrom('A', 'b', '7', 'Z'), text), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['severity', 'sqlstate', 'message'], noNullPrototype: true },
) as fc.Arbitrary<ErrorFields>;

const type = 0x45;

messageClaims(t, {
  decode: decodeErrorFields,
  encode: (writer, fields) => encodeErrorFields(writer, type, fields),
  golden: [
    {
      what: 'the least that PostgreSQL sends',
      bytes: bytes`45 00000027 'SERROR' 00 'VERROR' 00 'C22012' 00 'Mdivision by' 00 00`,
      message: { severity: 'ERROR', severityNonLocalized: 'ERROR', sqlstate: '22012', message: 'division by' },
    },
    {
      what: 'every field, in the order of PostgreSQL, and two that do not exist yet',
      bytes: bytes`45 0000004f 'SFEHLER' 00 'VERROR' 00 'C23505' 00 'Mm' 00 'Dd' 00 'Hh' 00 'Ww' 00 'ss' 00 'tt' 00 'cc' 00
        'dy' 00 'nn' 00 'P8' 00 'p9' 00 'qq' 00 'Ff.c' 00 'L1' 00 'Rr' 00 'Zz' 00 'Y' 00 00`,
      message: every,
    },
  ],
  generated,
});

t.test('of a field that comes twice the last counts', async (t) => {
  t.equal(decodeErrorFields(bytes`'Sa' 00 'C1' 00 'Mone' 00 'Mtwo' 00 00`).message, 'two');
});

t.test('an error without its fields is an internal error without a text', async (t) => {
  t.strictSame(decodeErrorFields(bytes`00`), { severity: 'ERROR', sqlstate: 'XX000', message: '' });
});

t.test('an error gets out even if its text has a zero byte, which cannot end a field', async (t) => {
  const writer = new MessageWriter();
  encodeErrorFields(writer, type, { severity: 'ERROR', sqlstate: 'XX000', message: 'a\0Zb' });
  const fields = decodeErrorFields(writer.take().subarray(5));
  t.equal(fields.message, 'a\ufffdZb');
  t.equal(fields.unknown, undefined);
});

t.test('a field name like a property of every object is no such property', async (t) => {
  const fields = decodeErrorFields(bytes`'SERROR' 00 'C42601' 00 'M__proto__' 00 '_x' 00 00`);
  t.strictSame(fields.unknown, [['_', 'x']]);
});
