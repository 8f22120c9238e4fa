// The jobs of the admin page: what goes on, what ended how.

import { api } from "./access.js";
import { at, button, make, save } from "./dom.js";
import { guarded } from "./notices.js";
import { Section, act } from "./sections.js";
import { pill, table } from "./table.js";
import { moment, number, words } from "./words.js";

const ABANDONED = "import-abandoned"; // the only end of an import from which it can go on
const EVERY = 3_000; // milliseconds between two looks at jobs that go on
const STEP = 10; // jobs that are shown, and shown more
const MOST = 200; // that the API gives at once
let limit = STEP;

export const jobs = new Section("jobs", load, draw);

export function watchJobs() {
  fill();
  document.addEventListener("language", fill);
  for (const name of ["kind", "state"]) {
    at(name).addEventListener("change", () => {
      limit = STEP;
      jobs.refresh();
    });
  }
  setInterval(() => {
    if (jobs.content?.loaded?.jobs.some(isOpen) && !document.hidden) jobs.refresh();
  }, EVERY);
}

function fill() {
  for (const [name, told, values] of [["kind", words.kinds, Object.keys(words.kinds)], ["state", words.states, ["queued", "running", "succeeded", "failed", "cancelled"]]]) {
    const chosen = at(name).value;
    const every = name === "kind" ? [new Option(words.notSearches, values.filter((value) => value !== "search"))] : [];
    at(name).replaceChildren(...every, new Option(words.all, ""), ...values.map((value) => new Option(told[value], value)));
    if (chosen) at(name).value = chosen;
  }
}

function load(api) {
  const query = new URLSearchParams({ limit });
  for (const name of ["kind", "state"]) if (at(name).value) query.append(name, at(name).value);
  return api.get(`/v1/jobs?${query}`);
}

function draw({ jobs: found, next_cursor: next }) {
  if (!found.length) return [make("p", "soft", words.none)];
  const columns = [
    [words.kind, kindOf],
    [words.state, (job) => pill(job.state)],
    [words.rowsDone, progressOf],
    [words.created, (job) => moment(job.created_at)],
    [words.actions, actions],
  ];
  const shown = [table(words.jobs, columns, found, (job) => job.id)];
  if (next && limit < MOST) shown.push(button(words.more, showMore));
  return shown;
}

function showMore() {
  limit = Math.min(limit + 2 * STEP, MOST);
  jobs.refresh();
}

function isOpen({ state }) {
  return state === "queued" || state === "running";
}

function kindOf(job) {
  const kind = [words.kinds[job.kind] ?? job.kind, job.dry_run ? words.dryRun : "", isOpen(job) ? job.phase : ""].filter(Boolean).join(" · ");
  const told = [make("strong", "", kind), make("code", "id", job.id.slice(0, 8))];
  const wrong = job.problem ?? job.error?.detail ?? job.error?.title;
  return wrong ? [...told, make("p", "wrong", wrong)] : told;
}

function progressOf(job) {
  const { done, failed, total } = job.progress;
  const told = [number(done) + (total ? ` / ${number(total)}` : "")];
  if (total && isOpen(job)) {
    const bar = make("progress");
    Object.assign(bar, { max: total, value: done + failed });
    bar.setAttribute("aria-label", words.progress);
    told.push(bar);
  }
  if (failed) told.push(make("span", "wrong", words.failedCount(number(failed))));
  return told;
}

function actions(job) {
  const after = () => jobs.refresh();
  const told = [];
  if (isOpen(job)) told.push(act("cancel", (api) => api.cancel(job.id), { after }));
  if (job.error?.type?.includes(ABANDONED)) told.push(act("retry", (api) => api.post(`/v1/jobs/${job.id}/retry`), { after }));
  if (job.progress.failed) {
    const errors = button(words.jobErrors, () => guarded(async () => save(await api().blob(`/v1/jobs/${job.id}/errors.csv`), `errors-${job.id}.csv`)), "small");
    errors.dataset.act = "errors";
    told.push(errors);
  }
  return told;
}
