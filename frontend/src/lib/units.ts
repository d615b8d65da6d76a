import type { Unit } from "muster-client";
import { t, type TextKey } from "../i18n";

/** 07-26-04-012-5, as it is written on cards. */
export function dashed(number: string): string {
  return number.replace(/^(\d\d)(\d\d)(\d\d)(\d{3})(.)$/, "$1-$2-$3-$4-$5");
}

/** 2345 6781 */
export const spaced = (number: string): string => number.replace(/^(\d{4})(\d{4})$/, "$1 $2");

export const unitName = (unit: Unit): string => unit.brand_name || unit.name;

export const kindName = (unit: Unit): string => t(`kind_${unit.kind}` as TextKey);
