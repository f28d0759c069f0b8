/**
 * The full name of an event type: as it is, or the only type whose last part it is (`FlightDeparted` for
 * `flights.FlightDeparted`). A name that is unknown or ambiguous stays as it is, so that the error is about it.
 */
export function typeResolver(types: Iterable<string>): (name: string) => string {
  const known = new Set(types);
  const byLastPart = new Map<string, string | null>();
  for (const type of known) {
    const last = type.slice(type.lastIndexOf(".") + 1);
    byLastPart.set(last, byLastPart.has(last) ? null : type);
  }
  return (name) => (known.has(name) ? name : (byLastPart.get(name) ?? name));
}
