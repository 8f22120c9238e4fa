// Tables of the admin page: columns with headings, and buttons in the last one.

import { make } from "./dom.js";
import { words } from "./words.js";

// `columns`: [heading, row → text or element]. `key` names a row, so that a button keeps the focus when all is drawn anew.
export function table(label, columns, rows, key) {
  const head = make("tr", "", ...columns.map(([heading]) => headingOf(heading)));
  const body = rows.map((row) => {
    const cells = columns.map(([, cell]) => make("td", "", ...[cell(row) ?? ""].flat()));
    const line = make("tr", "", ...cells);
    line.dataset.key = key(row);
    return line;
  });
  const scroll = make("div", "scroll", make("table", "", make("thead", "", head), make("tbody", "", ...body)));
  scroll.tabIndex = 0; // so that it can be scrolled by keyboard
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", label);
  return scroll;
}

function headingOf(text) {
  const cell = make("th", "", text);
  cell.scope = "col";
  return cell;
}

export function pill(state) {
  return make("span", `pill ${state}`, words.states[state] ?? state);
}

// Puts new content in a section without taking the focus from the button that has it.
export function redraw(section, ...content) {
  const focused = document.activeElement;
  const place = section.contains(focused) && [focused.closest("tr")?.dataset.key, focused.dataset.act];
  section.replaceChildren(...content);
  if (!place?.[1]) return;
  const row = [...section.querySelectorAll("tr")].find((each) => each.dataset.key === place[0]);
  row?.querySelector(`[data-act="${place[1]}"]`)?.focus();
}
