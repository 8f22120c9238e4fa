// The header: the reader's key and language. The key stays in this tab.

import { Api } from "./api.js";
import { at } from "./dom.js";
import { changeLanguage, otherLanguage, speak } from "./words.js";

const NAMES = { en: "English", "zh-Hans": "中文" };

// What the link that the command line prints brings besides its key: `/#key=…&catalogue=…&text=…&filter=…`.
export const given = new URLSearchParams(location.hash.slice(1));

// `onConnect` is called now and whenever the reader gives another key.
export async function enter(onConnect) {
  for (const name of ["key", "catalogue"]) if (given.get(name)) sessionStorage.setItem(name, given.get(name));
  if (given.has("key")) history.replaceState(null, "", location.pathname); // it does not stay in the address
  speak();
  at("key").value = sessionStorage.getItem("key") || "";
  at("access").open = !hasKey();
  at("key").addEventListener("change", () => connect(onConnect));
  at("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    at("key").blur(); // which tells of the change, if there is one
  });
  at("access").addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.addEventListener("pointerdown", (event) => at("access").contains(event.target) || (at("access").open = !hasKey()));
  at("language").addEventListener("click", () => {
    changeLanguage();
    offerLanguage();
  });
  offerLanguage();
  await connect(onConnect);
}

export function hasKey() {
  return Boolean(at("key").value.trim());
}

export function api() {
  return new Api(at("key").value.trim());
}

async function connect(onConnect) {
  sessionStorage.setItem("key", at("key").value.trim());
  at("access").classList.toggle("given", hasKey());
  if (hasKey()) at("access").open = false;
  await onConnect();
}

function close() {
  at("access").open = false;
  at("access").querySelector("summary").focus();
}

function offerLanguage() {
  at("language").textContent = NAMES[otherLanguage()];
  at("language").lang = otherLanguage();
}
