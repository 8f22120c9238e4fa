// The embedding spaces of the admin page: which there are, and which answers searches.

import { api } from "./access.js";
import { at, make } from "./dom.js";
import { confirmed } from "./confirm.js";
import { guarded, tell } from "./notices.js";
import { reports } from "./reports.js";
import { Section, act } from "./sections.js";
import { pill, table } from "./table.js";
import { moment, words } from "./words.js";

export const spaces = new Section("spaces", load, draw);

at("rollback").addEventListener("click", async () => {
  if (!(await confirmed(words.askRollback, words.rollback))) return;
  await guarded(async () => {
    await api().post("/v1/spaces/rollback");
    tell(() => words.isDone);
  });
  await spaces.refresh();
});

async function load(api) {
  return (await api.get("/v1/spaces")).spaces;
}

function draw(found) {
  at("rollback").hidden = !found.some((space) => space.state === "ready" && space.activated_at && !space.catalogue);
  if (!found.length) return [make("p", "soft", words.none)];
  const columns = [
    ["#", (space) => space.id],
    [words.state, (space) => pill(space.state)],
    [words.catalogue, (space) => space.catalogue ?? words.all],
    [words.alignment, (space) => make("code", "", space.alignment.slice(0, 12))],
    [words.dim, (space) => space.dim],
    [words.activated, (space) => moment(space.activated_at)],
    [words.actions, actions],
  ];
  return [table(words.spaces, columns, found, (space) => space.id)];
}

function actions({ id, state }) {
  const after = () => spaces.refresh();
  const path = `/v1/spaces/${id}`;
  const told = [];
  if (state === "ready") {
    told.push(act("compare", (api) => compare(api, id), { after: () => reports.refresh() }));
    told.push(act("activate", (api) => api.post(`${path}/activate`), { ask: words.askActivate(id), after }));
  }
  if (state === "ready" || state === "building") {
    told.push(act("retire", (api) => api.post(`${path}/retire`), { ask: words.askRetire(id), after, danger: true }));
  }
  return told;
}

// Products are asked for by their own contents, in both spaces.
async function compare(api, id) {
  const accepted = await api.post(`/v1/spaces/${id}/verify`, { body: "{}", headers: { "Content-Type": "application/json" } });
  const cancel = () => api.cancel(accepted.job.id);
  await api.follow(accepted.job, { progress: () => tell(() => words.comparing(id), { busy: true, cancel }) });
}
