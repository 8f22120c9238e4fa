// Asks before what cannot be undone, or changes answers.

import { at } from "./dom.js";

// Whether the reader agrees. `yes` is what the button says that does it.
export function confirmed(question, yes) {
  const dialog = at("confirm");
  at("confirm-text").textContent = question;
  at("confirm-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}
