import { en, type TextKey } from "./en";
import refusals from "./refusals.json";
import { zhHans } from "./zh-hans";

export type { TextKey };
type Values = Record<string, string | number>;

const isChinese = () => document.documentElement.lang.toLowerCase().startsWith("zh");

/** The locale for dates and numbers. */
export const locale = (): string => (isChinese() ? "zh-CN" : "en-GB");

/** Return a text in the page's language, with `{name}` filled in. */
export function t(key: TextKey, values: Values = {}): string {
  return filledIn((isChinese() ? zhHans : en)[key], values);
}

/** Return the server's own text of a refusal, by the end of its type; none for a type that is newer than this page. */
export function refusalText(slug: string, values: Values): string | undefined {
  const texts = (refusals as Record<string, { en: string; "zh-hans": string }>)[slug];
  return texts && filledIn(texts[isChinese() ? "zh-hans" : "en"], values);
}

function filledIn(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(locale()) : value;
  });
}
