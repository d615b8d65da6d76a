/** What the map library takes for granted and Chrome has only from 92 and 93 on: imported before it, on the page and in its worker. */
type Any = Record<string, unknown>;

const [objects, arrays] = [Object as unknown as Any, Array.prototype as unknown as Any];

objects.hasOwn ??= (object: object, name: PropertyKey) => Object.prototype.hasOwnProperty.call(object, name);
if (!arrays.at) Object.defineProperty(arrays, "at", { value: at, writable: true, configurable: true });

function at(this: unknown[], index: number): unknown {
  return this[index < 0 ? this.length + index : index];
}

export {};
