// The upload page: a catalogue file is checked, its report read, and then imported.

import { api, enter, hasKey } from "./access.js";
import { pathOf } from "./api.js";
import { at, make, onDrop, save } from "./dom.js";
import { calm, complain, guarded, tell } from "./notices.js";
import { drawReport } from "./report.js";
import { number, words } from "./words.js";

const FORMATS = { ndjson: "ndjson", jsonl: "ndjson", csv: "csv", tsv: "csv" }; // others are told from the content
const FIELDS = { "/encoding": at("encoding"), "/map": at("columns"), "/catalogue": at("catalogue") };
let connecting = null; // the catalogues, while they are asked for
let file = null;
let running = null; // what stops the upload that goes on
let ended = null; // the job that the report is of, and where its next errors begin

at("file").addEventListener("change", () => at("file").files[0] && take(at("file").files[0]));
onDrop(at("drop"), take);
at("upload").addEventListener("submit", (event) => {
  event.preventDefault();
  run({ isDry: true });
});
at("import").addEventListener("click", () => run({ isDry: false }));
at("more").addEventListener("click", () => guarded(showErrors));
at("table").addEventListener("click", () => guarded(downloadErrors));
for (const name of ["catalogue", "encoding", "columns"]) at(name).addEventListener("input", forget);
document.addEventListener("language", () => {
  if (file) at("file-name").textContent = file.name;
  if (ended) drawReport(ended.job, file.name);
});
await enter(() => (connecting = connect()));

async function connect() {
  if (!hasKey()) return tell(() => words.needKey);
  tell(() => "");
  await guarded(async () => {
    const names = await api().catalogues();
    at("catalogues").replaceChildren(...names.map((name) => new Option(name, name)));
    if (!at("catalogue").value) at("catalogue").value = sessionStorage.getItem("catalogue") || "";
  });
}

function take(chosen) {
  file = chosen;
  at("file-name").textContent = file.name;
  forget();
  calm();
}

// What was said of another file, or of this one under other options, no longer holds.
function forget() {
  ended = null;
  at("report").hidden = true;
}

async function run({ isDry }) {
  await connecting;
  const catalogue = at("catalogue").value.trim();
  if (!hasKey()) {
    at("access").open = true;
    return complain(words.needKey, at("key"));
  }
  if (!file) return complain(words.needFile, at("file"));
  if (!catalogue) return complain(words.needName, at("catalogue"));
  running?.abort();
  const own = (running = new AbortController());
  forget();
  mark(true);
  const job = await guarded(async () => {
    const accepted = await send(catalogue, isDry, own.signal);
    return follow(accepted.job, isDry, own.signal);
  }, FIELDS);
  if (running !== own) return; // another one was begun
  mark(false);
  if (!job) return;
  sessionStorage.setItem("catalogue", catalogue);
  await guarded(() => report(job));
}

function mark(isBusy) {
  at("check").disabled = at("import").disabled = isBusy;
  at("bar").hidden = !isBusy;
  at("bar").removeAttribute("value");
}

function send(catalogue, isDry, signal) {
  const query = new URLSearchParams();
  if (isDry) query.append("dry_run", "true");
  const format = FORMATS[file.name.toLowerCase().split(".").at(-1)];
  if (format) query.append("format", format);
  if (at("encoding").value.trim()) query.append("encoding", at("encoding").value.trim());
  for (const pair of at("columns").value.split("\n")) if (pair.trim()) query.append("map", pair.trim());
  const progress = (share) => {
    at("bar").value = share;
    tell(() => words.sending(`${Math.round(100 * share)} %`), { busy: true, cancel: stop });
  };
  progress(0);
  return api().send(`${pathOf(catalogue)}/imports?${query}`, file, { signal, progress });
}

function follow(accepted, isDry, signal) {
  const cancel = () => guarded(() => api().cancel(accepted.id)); // what was taken before stays
  const progress = ({ state, progress: { done, failed, total } }) => {
    if (total) at("bar").value = (done + failed) / total;
    else at("bar").removeAttribute("value");
    const rows = () => number(done + failed) + (total ? ` / ${number(total)}` : "");
    tell(() => (state === "queued" ? words.queued : (isDry ? words.checking : words.importing)(rows())), { busy: true, cancel });
  };
  return api().follow(accepted, { signal, progress });
}

function stop() {
  running?.abort();
  mark(false);
  tell(() => words.cancelled);
}

async function report(job) {
  ended = { job, cursor: "" };
  tell(() => "");
  drawReport(job, file.name);
  at("rows").replaceChildren();
  at("report-title").focus();
  if (job.error && !job.progress.failed) complain(job.error.detail || job.error.title);
  if (job.progress.failed) await showErrors();
}

async function showErrors() {
  const own = ended;
  const cursor = own.cursor ? `&cursor=${encodeURIComponent(own.cursor)}` : "";
  const page = await api().get(`/v1/jobs/${own.job.id}/errors?limit=50${cursor}`);
  if (ended !== own) return; // forgotten meanwhile
  own.cursor = page.next_cursor;
  at("rows").append(...page.errors.flatMap(rowsOf));
  at("more").hidden = !page.next_cursor;
}

function rowsOf({ line, sku, error }) {
  const wrong = error.errors?.length ? error.errors : [{ pointer: "", detail: error.detail || error.title }];
  return wrong.map(({ pointer, detail }) => make("tr", "", ...[line ?? "", sku ?? "", pointer.slice(1), detail].map((cell) => make("td", "", cell))));
}

async function downloadErrors() {
  save(await api().blob(`/v1/jobs/${ended.job.id}/errors.csv`), `errors-${ended.job.id}.csv`);
}
