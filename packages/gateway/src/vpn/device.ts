// The network device of a door.

/** IFNAMSIZ of Linux, without its NUL. */
export const MAX_DEVICE_NAME = 15

/** The device of a door; of one that names none, by its own name. */
export function deviceOf({ name, device }: { readonly name: string; readonly device?: string }): string {
  return device ?? `vpn-${name}`.slice(0, MAX_DEVICE_NAME)
}
