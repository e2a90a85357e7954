/** What a client sends: message name -> type byte (PG 55.7). The start-up packets have none, see startup-packet.ts. */
export const frontend = {
  Bind: 0x42, // B
  Close: 0x43, // C
  CopyData: 0x64, // d
  CopyDone: 0x63, // c
  CopyFail: 0x66, // f
  Describe: 0x44, // D
  Execute: 0x45, // E
  Flush: 0x48, // H
  FunctionCall: 0x46, // F
  Parse: 0x50, // P
  /** Also SASLInitialResponse, SASLResponse and GSSResponse: which one is known from what was asked for. */
  PasswordMessage: 0x70, // p
  Query: 0x51, // Q
  Sync: 0x53, // S
  Terminate: 0x58, // X
} as const;

/** What an upstream sends: message name -> type byte. */
export const backend = {
  /** All Authentication messages; the int32 that begins the body tells them apart. */
  Authentication: 0x52, // R
  BackendKeyData: 0x4b, // K
  BindComplete: 0x32, // 2
  CloseComplete: 0x33, // 3
  CommandComplete: 0x43, // C
  CopyBothResponse: 0x57, // W
  CopyData: 0x64, // d
  CopyDone: 0x63, // c
  CopyInResponse: 0x47, // G
  CopyOutResponse: 0x48, // H
  DataRow: 0x44, // D
  EmptyQueryResponse: 0x49, // I
  ErrorResponse: 0x45, // E
  FunctionCallResponse: 0x56, // V
  NegotiateProtocolVersion: 0x76, // v
  NoData: 0x6e, // n
  NoticeResponse: 0x4e, // N
  NotificationResponse: 0x41, // A
  ParameterDescription: 0x74, // t
  ParameterStatus: 0x53, // S
  ParseComplete: 0x31, // 1
  PortalSuspended: 0x73, // s
  ReadyForQuery: 0x5a, // Z
  RowDescription: 0x54, // T
} as const;

export type FrontendName = keyof typeof frontend;
export type BackendName = keyof typeof backend;

const frontendNames = namesByType<FrontendName>(frontend);
const backendNames = namesByType<BackendName>(backend);

/** The name of a client's message, or undefined for a byte that begins none. */
export function frontendName(type: number): FrontendName | undefined {
  return frontendNames[type];
}

/** The name of an upstream's message, or undefined for a byte that begins none. */
export function backendName(type: number): BackendName | undefined {
  return backendNames[type];
}

function namesByType<Name extends string>(types: Readonly<Record<Name, number>>): readonly (Name | undefined)[] {
  const names = new Array<Name | undefined>(256).fill(undefined);
  for (const name of Object.keys(types) as Name[]) names[types[name]] = name;
  return names;
}
