/** What kafkajs fetches of a partition at most where it is not told, bytes. */
export const MAX_BYTES_PER_PARTITION = 1_048_576;
