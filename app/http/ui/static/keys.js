// The API keys of the admin page.

import { make } from "./dom.js";
import { Section, act } from "./sections.js";
import { pill, table } from "./table.js";
import { moment, words } from "./words.js";

export const keys = new Section("keys", load, draw);

async function load(api) {
  return (await api.get("/v1/keys")).keys;
}

function draw(found) {
  if (!found.length) return [make("p", "soft", words.none)];
  const columns = [
    [words.name, (key) => make("strong", "", key.name)],
    [words.prefix, (key) => make("code", "", key.prefix)],
    [words.scopes, (key) => key.scopes.join(", ")],
    [words.state, (key) => pill(key.state)],
    [words.expires, (key) => moment(key.expires_at) || words.neverExpires],
    [words.lastUsed, (key) => moment(key.last_used_at) || words.neverUsed],
    [words.actions, actions],
  ];
  return [table(words.keys, columns, found, (key) => key.prefix)];
}

function actions({ prefix, name, state }) {
  if (state !== "valid") return [];
  const revoke = (api) => api.delete(`/v1/keys/${encodeURIComponent(prefix)}`);
  return [act("revoke", revoke, { ask: words.askRevoke(`${name} (${prefix})`), after: () => keys.refresh(), danger: true })];
}
