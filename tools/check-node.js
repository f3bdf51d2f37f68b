// Run by `npm ci` on the Node that it brought, or on the system's where it could bring none. Plain JavaScript for that one.
process.exitCode = Number.parseInt(process.versions.node, 10) >= 26 ? 0 : 1
