// The search page: takes a mix of texts, pictures, voices and products, and shows what was found.

import { api, enter, given, hasKey } from "./access.js";
import { pathOf } from "./api.js";
import { at, button, make, onDrop } from "./dom.js";
import { Facets } from "./facets.js";
import { Mix } from "./mix.js";
import { calm, complain, guarded, tell } from "./notices.js";
import { Recorder } from "./recorder.js";
import { Results } from "./results.js";
import { number, words } from "./words.js";

const FIELDS = { "/filter": at("filter"), "/text": at("text") };
let connecting = null; // the catalogues, while they are asked for
let running = null; // the search that goes on: what stops it, and its job
let shown = null; // the search whose hits are shown

const mix = new Mix(at("parts"), at("text"), searchAgain);
const facets = new Facets(at("facets"), search);
const results = new Results(at("hits"), like);
const recorder = new Recorder((level) => (at("level").value = level), endRecording);

for (const name of ["text", "filter"]) at(name).value = given.get(name) || "";
at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
at("catalogue").addEventListener("change", changeCatalogue);
at("filter").addEventListener("change", searchAgain);
at("clear").addEventListener("click", clearFilters);
at("filters-toggle").addEventListener("click", toggleFilters);
at("more").addEventListener("click", showMore);
new IntersectionObserver(([seen]) => seen.isIntersecting && showMore(), { rootMargin: "400px" }).observe(at("more"));
at("record").addEventListener("click", toggleRecording);
for (const name of ["image", "speech"]) at(name).addEventListener("change", () => takeFile(name, at(name).files[0]));
onDrop(document.body, (file) => takeFile(file.type.startsWith("image/") ? "image" : "speech", file));
document.addEventListener("paste", (event) => {
  const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (picture) takeFile("image", picture);
});
document.addEventListener("language", () => {
  markRecording();
  tellFound();
});
await enter(() => (connecting = connect()));
if (given.get("text")) search();

async function connect() {
  const chooser = at("catalogue");
  chooser.replaceChildren();
  chooser.disabled = true;
  if (!hasKey()) return tell(() => words.needKey);
  await guarded(async () => {
    const names = await api().catalogues();
    chooser.append(...names.map((name) => new Option(name, name)));
    if (names.includes(sessionStorage.getItem("catalogue"))) chooser.value = sessionStorage.getItem("catalogue");
    chooser.disabled = !names.length;
    if (names.length) await facets.discover(api(), pathOf(chooser.value));
    tell(() => (names.length ? "" : words.noCatalogue));
  });
}

async function changeCatalogue() {
  sessionStorage.setItem("catalogue", at("catalogue").value);
  await facets.discover(api(), pathOf(at("catalogue").value));
  searchAgain();
}

function searchAgain() {
  if (shown && mix.asked.length) search();
}

async function search() {
  await connecting;
  if (!hasKey()) {
    at("access").open = true;
    return complain(words.needKey, at("key"));
  }
  if (!at("catalogue").value) return complain(words.needCatalogue, at("catalogue"));
  if (!mix.asked.length) return complain(words.needQuery, at("text"));
  stop().catch(() => {}); // it may have ended meanwhile
  const own = (running = new AbortController());
  const names = mix.names();
  at("hits").setAttribute("aria-busy", "true");
  const isFound = await guarded(async () => {
    const progress = (job) => {
      own.jobId = job.id;
      tell(() => words[job.state], { busy: true, cancel });
    };
    tell(() => words.running, { busy: true });
    const job = await api().search(at("catalogue").value, form(), { signal: own.signal, progress });
    show(job, names);
    return true;
  }, FIELDS);
  if (running !== own) return;
  running = null;
  at("hits").removeAttribute("aria-busy");
  if (!isFound) clearResults();
}

function form() {
  const form = mix.form();
  form.append("explain", "true");
  const filter = facets.filter(at("filter").value.trim());
  if (filter) form.append("filter", filter);
  if (facets.fields.length) form.append("facets", facets.fields.join(","));
  return form;
}

// Ends the search that goes on, here and on the server.
async function stop() {
  const { jobId } = running ?? {};
  running?.abort();
  running = null;
  if (jobId) await api().cancel(jobId);
}

async function cancel() {
  at("hits").removeAttribute("aria-busy");
  at("text").focus();
  await guarded(async () => {
    await stop();
    tell(() => words.cancelled);
  });
}

function clearResults() {
  shown = null;
  results.clear();
  at("heard").hidden = true;
  at("advice").hidden = true;
  at("more").hidden = true;
}

function show(job, names) {
  clearResults();
  shown = { job, names, cursor: job.result.next_cursor };
  addHits(job.result.hits);
  facets.show(job.result.facets);
  at("clear").hidden = !facets.isChosen && !at("filter").value.trim();
  tellFound();
}

function addHits(hits) {
  results.add(hits, { api: api(), jobId: shown.job.id, names: shown.names });
  at("more").hidden = !shown.cursor;
}

function tellFound() {
  if (!shown) return;
  const { total, transcript, took_ms: took, notes, hits } = shown.job.result;
  tell(() => (hits.length ? `${words.found(number(results.count), number(total))} · ${words.took(Math.round(took.total))}` : words.nothing));
  at("heard").hidden = !transcript;
  at("heard").textContent = transcript ? words.heard(transcript) : "";
  at("advice").hidden = Boolean(hits.length) && !notes?.length;
  at("advice").replaceChildren(...advice(notes || [], hits.length));
}

// What the server says that may explain why little was found, and ways out.
function advice(notes, count) {
  const told = notes.map((note) => make("p", "", note));
  if (count) return told;
  told.push(make("p", "", words.nothingHelp));
  if (!at("clear").hidden) told.push(button(words.clearFilters, clearFilters));
  return told;
}

async function showMore() {
  const from = shown;
  if (!from?.cursor || from.isLoading) return;
  from.isLoading = true;
  const hadFocus = document.activeElement === at("more");
  const before = results.count;
  await guarded(async () => {
    const page = await api().hits(from.job.id, from.cursor);
    if (shown !== from) return;
    from.cursor = page.next_cursor;
    addHits(page.hits);
    tellFound();
    if (hadFocus) at("hits").children[before]?.querySelector("button, summary").focus();
  });
  from.isLoading = false;
}

function like(sku, title, way) {
  mix.setProduct(sku, title, way);
  at("parts").scrollIntoView({ block: "nearest" });
  search();
}

function clearFilters() {
  facets.clear();
  at("filter").value = "";
  at("filter").focus();
  searchAgain();
}

function toggleFilters() {
  const isOpen = at("filters-toggle").getAttribute("aria-expanded") === "true";
  at("filters-toggle").setAttribute("aria-expanded", String(!isOpen));
}

function takeFile(name, file) {
  at(name).value = "";
  if (file) mix.setFile(name, file);
}

async function toggleRecording() {
  if (recorder.isRecording) return recorder.stop();
  try {
    await recorder.start();
    calm();
    tell(() => words.recording);
  } catch {
    complain(words.noMicrophone, at("speech"));
  }
  markRecording();
}

function endRecording(file) {
  tell(() => "");
  markRecording();
  takeFile("speech", file);
}

function markRecording() {
  const word = recorder.isRecording ? words.stop : words.record;
  at("level").hidden = !recorder.isRecording;
  at("record").classList.toggle("recording", recorder.isRecording);
  at("record").title = word;
  at("record").querySelector("span").textContent = word;
}
