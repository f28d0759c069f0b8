/** Live attempts for one of a replay, while both wait: of a target, and of a key. */
export const LIVE_PER_REPLAY = 4;
