import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";

/** Reads a text aloud, and stops when it is pressed again; not there where the browser has no voice. */
export function ReadAloud({ text }: { text: string }) {
  const [isReading, setReading] = useState(false);
  useEffect(() => () => stop(isReading), [isReading]);
  if (!("speechSynthesis" in window)) return null;
  const read = () => {
    speechSynthesis.cancel(); // one text at a time
    const spoken = new SpeechSynthesisUtterance(text);
    spoken.lang = document.documentElement.lang;
    spoken.onend = spoken.onerror = () => setReading(false);
    speechSynthesis.speak(spoken);
    setReading(true);
  };
  return (
    <button type="button" aria-pressed={isReading} onClick={() => (isReading ? (stop(true), setReading(false)) : read())}>
      {t(isReading ? "read_stop" : "read_aloud")}
    </button>
  );
}

function stop(isReading: boolean): void {
  if (isReading) speechSynthesis.cancel();
}
