import { en, type TextKey } from "./en";
import { zhHans } from "./zh-hans";

export type { TextKey };

const isChinese = () => document.documentElement.lang.toLowerCase().startsWith("zh");

/** The locale for dates and numbers. */
export const locale = (): string => (isChinese() ? "zh-CN" : "en-GB");

/** Return a text in the page's language, with `{name}` filled in. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const text = (isChinese() ? zhHans : en)[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(locale()) : value;
  });
}
