// Where something listens, or is reached.

/** A host and port, or the path of a Unix socket. `port` 0 lets the system choose where it is to listen. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }
