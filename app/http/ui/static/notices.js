// Tells the reader what goes on and what went wrong.

import { Problem } from "./api.js";
import { at, make } from "./dom.js";
import { words } from "./words.js";

let told = () => "";
document.addEventListener("language", () => (at("status").textContent = told()));

// `say` makes the message, so that it can be said again in another language.
export function tell(say, { busy = false, cancel = null } = {}) {
  told = say;
  at("status").textContent = say();
  at("status").classList.toggle("busy", busy);
  at("cancel").hidden = !cancel;
  at("cancel").onclick = cancel;
}

export function complain(message, focus = null, wrong = []) {
  tell(() => "");
  const list = make("ul", "", ...wrong.map((detail) => make("li", "", detail)));
  at("problem").replaceChildren(make("p", "", message), ...(wrong.length ? [list] : []));
  at("problem").hidden = false;
  focus?.focus();
}

export function calm() {
  at("problem").hidden = true;
}

// Runs what may fail, and tells the reader how. `fields` says which element a wrong field of the request is.
export async function guarded(work, fields = {}) {
  calm();
  for (const field of Object.values(fields)) field.removeAttribute("aria-invalid");
  try {
    return await work();
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    if (!(error instanceof Problem)) throw error;
    complainOf(error, fields);
    return undefined;
  }
}

function complainOf(error, fields) {
  const wrong = error.fields.map((field) => field.detail).filter((detail) => !error.message.includes(detail));
  const field = error.fields.map(({ pointer }) => fields[pointer]).find(Boolean);
  field?.setAttribute("aria-invalid", "true");
  if (error.status === 401) at("access").open = true;
  const help = { 401: words.helpKey, 403: words.helpScope, 429: words.helpLimit(error.after), 503: words.helpBusy }[error.status];
  complain([error.message, help].filter(Boolean).join(" "), error.status === 401 ? at("key") : field, wrong);
}
