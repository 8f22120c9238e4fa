// The comparisons of the admin page: what a new space finds beside the active one.

import { make } from "./dom.js";
import { Section } from "./sections.js";
import { pill, table } from "./table.js";
import { moment, number, words } from "./words.js";

const MOST = 5;
const METRICS = ["R@10", "MRR@10"];

export const reports = new Section("reports", load, draw);

async function load(api) {
  const page = await api.get(`/v1/jobs?kind=verify&limit=${MOST}`);
  return Promise.all(page.jobs.map((job) => api.get(`/v1/jobs/${job.id}`)));
}

function draw(found) {
  return found.length ? found.map(report) : [make("p", "soft", words.noReports)];
}

function report(job) {
  const { result } = job;
  const head = make("summary", "", pill(job.state), ` ${moment(job.created_at)} `);
  const shown = make("details", "report", head);
  if (job.error) shown.append(make("p", "problem", job.error.detail ?? job.error.title));
  if (!result) return shown;
  head.append(words.comparison(result.space, result.active));
  shown.open = true;
  shown.append(verdict(result), table(words.reports, columns(), result.quality, (row) => row.kind));
  return shown;
}

function verdict({ is_ready: isReady, reasons }) {
  const list = make("ul", "", ...reasons.map((reason) => make("li", "", reason)));
  return make("div", isReady ? "verdict good" : "verdict bad", make("p", "", isReady ? words.isReady : words.isNotReady), ...(reasons.length ? [list] : []));
}

function columns() {
  return [
    [words.searches, (row) => row.kind],
    ["n", (row) => number(row.queries)],
    ...METRICS.flatMap((metric) => [
      [`${metric} ${words.newSpace}`, (row) => bar(row[metric].new, row.is_worse)],
      [`${metric} ${words.activeSpace}`, (row) => bar(row[metric].active, false)],
    ]),
  ];
}

function bar(share, isWorse) {
  const shown = make("span", isWorse ? "share below" : "share", make("i"));
  shown.firstChild.style.setProperty("--share", share);
  return [share.toFixed(3), shown];
}
