/** Show a dialog above the page; Safari before 15.4 has none of its own. */
export async function showDialog(dialog: HTMLDialogElement): Promise<void> {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  if (typeof dialog.showModal !== "function") {
    const [{ default: polyfill }] = await Promise.all([import("dialog-polyfill"), import("../styles/dialog.css")]);
    polyfill.registerDialog(dialog);
  }
  dialog.showModal();
}
