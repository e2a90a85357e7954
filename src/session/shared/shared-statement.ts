import { frontend } from '../../../protocol/message-types.js';
import { MessageWriter } from '../../../protocol/message-writer.js';
import { encodeClose } from '../../../protocol/messages/close.js';
import { encodeDescribe } from '../../../protocol/messages/describe.js';

/** A prepared statement as it is called on shared lanes: the messages that name it there. */
export class SharedStatement {
  readonly parse: Buffer;
  readonly describe: Buffer;
  readonly #bindHead: Buffer;

  /** `rest` is a Parse message's body behind the name. */
  constructor(
    readonly name: string,
    rest: Buffer,
  ) {
    const writer = new MessageWriter(rest.length + 3 * (name.length + 16));
    this.parse = writer.start(frontend.Parse).cstring(name).bytes(rest).end().take();
    encodeDescribe(writer, { target: 'statement', name });
    this.describe = writer.take();
    this.#bindHead = writer.start(frontend.Bind).cstring('').cstring(name).end().take();
  }

  /** The beginning of a Bind to the unnamed portal, whose body goes on with `restBytes` more. Valid until the next call. */
  bindHead(restBytes: number): Buffer {
    const head = this.#bindHead;
    head.writeInt32BE(head.length - 1 + restBytes, 1);
    return head;
  }
}

export function closeFrame(name: string): Buffer {
  const writer = new MessageWriter(name.length + 8);
  encodeClose(writer, { target: 'statement', name });
  return writer.take();
}

/** What these mean is fixed when the statement is parsed, so it can't be parsed for another client or another time. */
const timeLiteral = /(?:'|\$[^\s$']*\$)[^'$]*\b(?:now|today|tomorrow|yesterday)\b/i;

/** Whether a text means the same whenever it is parsed. */
export function isTimeless(text: string): boolean {
  return !timeLiteral.test(text);
}
