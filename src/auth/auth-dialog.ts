/** Both take a message of type `p` (PG 55.7); they differ in how long one may be and what is said when it isn't one. */
export type AnswerKind = 'password' | 'SASL';

/** The client has gone, or sent a length that ends the conversation. */
export type NoAnswer = 'gone' | 'invalid-length';

/** The conversation that a method has with a client. */
export interface AuthDialog {
  /**
   * Sends a request and waits for the body of the answer.
   *
   * @throws ProtocolError 08P01 when another message comes instead
   */
  ask(request: Buffer, kind: AnswerKind): Promise<Buffer | NoAnswer>;
}
