import { render, type ComponentChild } from "preact";

/** Show content in a dialog above the page until it is closed; the heading `titleId` names it. */
export async function openDialog(titleId: string, content: (close: () => void) => ComponentChild): Promise<void> {
  const dialog = document.createElement("dialog");
  dialog.className = "card";
  dialog.setAttribute("aria-labelledby", titleId);
  dialog.addEventListener("close", () => {
    render(null, dialog);
    dialog.remove();
  });
  render(content(() => dialog.close()), dialog);
  await show(dialog);
}

/** Safari before 15.4 has no dialogs of its own. */
async function show(dialog: HTMLDialogElement): Promise<void> {
  document.body.append(dialog);
  if (typeof dialog.showModal !== "function") {
    const [{ default: polyfill }] = await Promise.all([import("dialog-polyfill"), import("../styles/dialog.css")]);
    polyfill.registerDialog(dialog);
  }
  dialog.showModal();
}
