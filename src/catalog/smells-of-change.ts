/** What a server says to a statement that was bound to something that is no longer there, or no longer as it was. */
const states = new Map([
  ['42P01', 'no such table'],
  ['42703', 'no such column'],
  ['42883', 'no such function or operator'],
  ['42704', 'no such type, or other object'],
  ['3F000', 'no such schema'],
  ['42P10', 'the columns of an ON CONFLICT are no longer a key'],
  ['42804', 'a type is another than it was'],
  ['42846', 'a cast is gone'],
  ['42809', 'it is an object of another kind'],
  ['428C9', 'a column has become generated, or an identity'],
  ['XX000', 'cache lookup failed: it went while it was being used'],
]);

/**
 * True for an error of the server's that may mean that the catalog has changed: reason to look sooner, and none to
 * stop trusting, since any client can provoke such errors.
 */
export function smellsOfChange(sqlstate: string, message: string): boolean {
  if (sqlstate === '0A000') return message.startsWith('cached plan');
  return states.has(sqlstate);
}
