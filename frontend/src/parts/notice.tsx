import { render, type ComponentChildren } from "preact";
import { t } from "../i18n";
import { byId } from "../lib/page";
import { problemText } from "../lib/problems";

/** Put a notice above the content of the page; it is spoken at once. Returns what takes it away. */
export function putNotice(id: string, kind: string, content: (close: () => void) => ComponentChildren): () => void {
  const notice = document.createElement("div");
  notice.id = id;
  notice.className = `notice ${kind}`.trim();
  notice.setAttribute("role", "alert");
  const close = () => {
    render(null, notice);
    notice.remove();
  };
  render(content(close), notice);
  byId("main").prepend(notice);
  return close;
}

/** A page that could not begin says why, and lets the person try again. */
export function Failed({ reason }: { reason: unknown }) {
  return (
    <>
      <p class="notice bad" role="alert">
        {problemText(reason)}
      </p>
      <button onClick={() => location.reload()}>{t("try_again")}</button>
    </>
  );
}

/** A heading with how many there are below it. */
export function Counted({ id, title, n }: { id?: string; title: string; n: number }) {
  return (
    <h2 {...(id ? { id } : {})}>
      {title}
      <span class="count">{n}</span>
    </h2>
  );
}
