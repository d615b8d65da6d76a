import type { ComponentChildren } from "preact";

/** A group of controls under one name. */
export function Field({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <fieldset>
      <legend>{label}</legend>
      {children}
    </fieldset>
  );
}

/** One control with its label; `id` is the control's. */
export function Labelled({ id, label, children }: { id: string; label: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
    </div>
  );
}

interface SegmentsProps<Value extends string> {
  name: string;
  values: readonly (readonly [Value, string])[];
  chosen: Value;
  choose(value: Value): void;
}

/** A row of which one is chosen. */
export function Segments<Value extends string>({ name, values, chosen, choose }: SegmentsProps<Value>) {
  return (
    <div class="segments">
      {values.map(([value, label]) => (
        <label key={value}>
          <input type="radio" name={name} value={value} checked={value === chosen} onChange={() => choose(value)} />
          <span>{label}</span>
        </label>
      ))}
    </div>
  );
}
