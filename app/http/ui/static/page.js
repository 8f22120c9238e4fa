// The search page: takes a text, a picture and a voice, and shows what was found.

import { Api, Problem } from "./api.js";
import { Recorder } from "./recorder.js";
import { Results } from "./results.js";
import { speak, words } from "./words.js";

const at = (id) => document.getElementById(id);
const media = { image: null, speech: null };
let running = null; // what stops the search that runs
let last = null; // the job of the hits on show, and where the next page begins

speak();
const results = new Results(at("hits"), (sku) => search({ product: sku }));
const recorder = new Recorder((level) => (at("level").value = level), endRecording);
takeFromAddress();
at("key").value = sessionStorage.getItem("key") || "";
at("key").addEventListener("change", connect);
at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  search({ text: at("text").value.trim(), ...media });
});
at("more").addEventListener("click", showMore);
at("record").addEventListener("click", toggleRecording);
for (const name of ["image", "speech"]) {
  at(name).addEventListener("change", () => choose(name, at(name).files[0] || null));
  document.querySelector(`[data-remove=${name}]`).addEventListener("click", () => choose(name, null));
}
acceptDropsAndPastes();
await connect();
if (at("text").value) search({ text: at("text").value });

// `/#key=…&catalogue=…&text=…&filter=…`: a link that the command line prints. The key does not stay in the address.
function takeFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of ["key", "catalogue"]) if (given.get(name)) sessionStorage.setItem(name, given.get(name));
  for (const name of ["text", "filter"]) at(name).value = given.get(name) || "";
  if (given.has("key")) history.replaceState(null, "", location.pathname);
}

function api() {
  return new Api(at("key").value.trim());
}

async function connect() {
  sessionStorage.setItem("key", at("key").value.trim());
  const chooser = at("catalogue");
  chooser.replaceChildren();
  chooser.disabled = true;
  if (!at("key").value.trim()) return tell(words.needKey);
  await guarded(async () => {
    const names = await api().catalogues();
    chooser.append(...names.map((name) => new Option(name, name)));
    if (names.includes(sessionStorage.getItem("catalogue"))) chooser.value = sessionStorage.getItem("catalogue");
    chooser.disabled = !names.length;
    tell(names.length ? "" : words.noCatalogue);
  });
}

async function search(asked) {
  const form = new FormData();
  for (const [name, value] of Object.entries(asked)) if (value) form.append(name, value);
  if (!at("key").value.trim()) return complain(words.needKey, at("key"));
  if (!at("catalogue").value) return complain(words.needCatalogue, at("catalogue"));
  if (![...form.keys()].length) return complain(words.needQuery, at("text"));
  form.append("explain", "true");
  if (at("filter").value.trim()) form.append("filter", at("filter").value.trim());
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  sessionStorage.setItem("catalogue", at("catalogue").value);
  results.clear();
  at("more").hidden = true;
  tell(words.running, true);
  await guarded(async () => {
    const progress = (state) => tell(words[state], true);
    show(await api().search(at("catalogue").value, form, { signal, progress }));
  });
}

function show(job) {
  const found = job.result;
  last = { id: job.id, cursor: found.next_cursor };
  results.add(found.hits, api(), last.id);
  at("more").hidden = !last.cursor;
  const parts = [found.hits.length ? words.found(found.hits.length, found.total) : words.nothing];
  if (found.transcript) parts.push(words.heard(found.transcript));
  parts.push(...(found.notes || []));
  const took = Object.fromEntries(Object.entries(found.took_ms).map(([name, time]) => [name, Math.round(time)]));
  tell([...parts, words.took(took)].join(" · "));
}

async function showMore() {
  await guarded(async () => {
    const page = await api().hits(last.id, last.cursor);
    last.cursor = page.next_cursor;
    results.add(page.hits, api(), last.id);
    at("more").hidden = !last.cursor;
  });
}

function choose(name, file) {
  media[name] = file;
  const preview = at(`${name}-preview`);
  if (preview.src) URL.revokeObjectURL(preview.src);
  if (file) preview.src = URL.createObjectURL(file);
  else preview.removeAttribute("src");
  if (name === "image") preview.alt = file?.name || "";
  at(`${name}-chosen`).hidden = !file;
  if (!file) at(name).value = "";
}

async function toggleRecording() {
  if (recorder.isRecording) return recorder.stop();
  try {
    await recorder.start();
    mark(true);
    tell(words.recording);
  } catch {
    complain(words.noMicrophone, at("speech"));
  }
}

function endRecording(file) {
  mark(false);
  tell("");
  choose("speech", file);
}

function mark(isRecording) {
  at("record").setAttribute("aria-pressed", String(isRecording));
  at("record").textContent = isRecording ? words.stop : words.record;
}

function acceptDropsAndPastes() {
  const zone = at("drop");
  for (const name of ["dragover", "dragenter"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files[0]) choose("image", event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
    if (picture) choose("image", picture);
  });
}

// Runs what may fail, and tells the reader how.
async function guarded(work) {
  at("problem").hidden = true;
  try {
    await work();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    const wrong = error.fields.map((field) => field.detail).filter((detail) => !error.message.includes(detail));
    complain(error.message, error.status === 401 ? at("key") : null, wrong);
  }
}

function complain(message, focus, wrong = []) {
  tell("");
  const first = document.createElement("p");
  first.textContent = message;
  const list = document.createElement("ul");
  for (const detail of wrong) list.appendChild(document.createElement("li")).textContent = detail;
  at("problem").replaceChildren(first, ...(wrong.length ? [list] : []));
  at("problem").hidden = false;
  focus?.focus();
}

function tell(message, busy = false) {
  at("status").textContent = message;
  at("status").classList.toggle("busy", busy);
}
