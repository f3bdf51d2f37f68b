// What a store knows of having been restored.

/** The least number of the next revocation list: those below may have been given out since the backup was made. */
export const CRL_FROM_SETTING = 'crl.number-from'

/** As many lists and events as nobody makes between a backup and its use: one a second for thirty years. */
export const NEXT_AFTER_RESTORE = 1_000_000_000
