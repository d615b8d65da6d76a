type Fields = Record<string, unknown>;

/**
 * Return `after`, with everything in it that is as before being the very same objects.
 *
 * What is read again from the server is all new, though most of it says what it said: so only what differs is drawn.
 */
export function shared<Value>(before: Value | undefined, after: Value): Value {
  if (Object.is(before, after)) return after;
  if (Array.isArray(before) && Array.isArray(after)) return sharedItems(before, after) as Value;
  if (!isFields(before) || !isFields(after)) return after;
  const names = Object.keys(after);
  const fields = Object.fromEntries(names.map((name) => [name, shared(before[name], after[name])]));
  const isSame = names.length === Object.keys(before).length && names.every((name) => name in before && before[name] === fields[name]);
  return (isSame ? before : fields) as Value;
}

/** The same for a list, whose items may have moved: the key tells which they are. */
export function sharedList<Item>(before: readonly Item[], after: Item[], keyOf: (item: Item) => string): Item[] {
  const known = new Map(before.map((item) => [keyOf(item), item]));
  const items = after.map((item) => shared(known.get(keyOf(item)), item));
  return asBefore(before, items);
}

/** Return `before` where it holds the very same items. */
export function asBefore<Item>(before: readonly Item[], items: Item[]): Item[] {
  const isSame = before.length === items.length && items.every((item, place) => item === before[place]);
  return isSame ? (before as Item[]) : items;
}

function sharedItems(before: unknown[], after: unknown[]): unknown[] {
  return asBefore(before, after.map((item, place) => shared(before[place], item)));
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
