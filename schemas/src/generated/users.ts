// Generated from the event catalog; do not edit.

/** Someone opened an account. */
export interface UserSignedUp {
  /** Key: events of one user are delivered in order. */
  readonly userId: string;
  /** Personal data (mask). */
  readonly email: string;
  /** Personal data (mask). */
  readonly display_name: string;
  /** Where the account was opened. */
  readonly channel: Channel;
}

/** {@link UserSignedUp} as it is written. */
export interface UserSignedUpInput {
  /** Key: events of one user are delivered in order. */
  readonly userId: string;
  /** Personal data (mask). */
  readonly email: string;
  /** Personal data (mask). */
  readonly display_name: string;
  /** Where the account was opened. Default: `"UNKNOWN"`. */
  readonly channel?: Channel | undefined;
}

export type Channel = "UNKNOWN" | "WEB" | "APP" | "INVITE";

/** A user changed their profile; carries the whole profile as it is now. */
export interface ProfileUpdated {
  /** Key: events of one user are delivered in order. */
  readonly userId: string;
  /** Personal data (mask). */
  readonly display_name: string;
  /** Personal data (mask). */
  readonly email: string;
  /** E.164, null when none is known. Personal data (mask). */
  readonly phone: string | null;
  /** BCP 47 language tag. */
  readonly locale: string;
  /** Counts the profile's changes, from 1; 0 when the source does not count. */
  readonly revision: number | bigint;
}

/** {@link ProfileUpdated} as it is written. */
export interface ProfileUpdatedInput {
  /** Key: events of one user are delivered in order. */
  readonly userId: string;
  /** Personal data (mask). */
  readonly display_name: string;
  /** Personal data (mask). */
  readonly email: string;
  /** E.164, null when none is known. Personal data (mask). Default: `null`. */
  readonly phone?: string | null | undefined;
  /** BCP 47 language tag. Default: `"en"`. */
  readonly locale?: string | undefined;
  /** Counts the profile's changes, from 1; 0 when the source does not count. Default: `0`. */
  readonly revision?: number | bigint | undefined;
}

/** A user's password was replaced. Never carries a password or its hash. */
export interface PasswordChanged {
  /** Key: events of one user are delivered in order. */
  readonly userId: string;
  readonly changedAt: number | bigint;
  /** SELF: by the user; RESET: through a recovery mail; ADMIN: by support. */
  readonly method: ChangeMethod;
  /** Personal data (mask). */
  readonly ipAddress: string | null;
}

/** {@link PasswordChanged} as it is written. */
export interface PasswordChangedInput {
  /** Key: events of one user are delivered in order. */
  readonly userId: string;
  readonly changedAt: Date | string | number | bigint;
  /** SELF: by the user; RESET: through a recovery mail; ADMIN: by support. Default: `"UNKNOWN"`. */
  readonly method?: ChangeMethod | undefined;
  /** Personal data (mask). Default: `null`. */
  readonly ipAddress?: string | null | undefined;
}

export type ChangeMethod = "UNKNOWN" | "SELF" | "RESET" | "ADMIN";
