// Filters to press: the values of a catalogue's attributes, with how many products have each.

import { button, make } from "./dom.js";
import { number, words } from "./words.js";

const LOOKED_AT = 100; // products from which is told what attributes a catalogue has
const MOST_FIELDS = 6;
const SHOWN = 8; // values of a field before the reader asks for more
const PLAIN = /^[\p{L}_][\p{L}\d_-]*$/u; // a field that needs no quotes in a filter

export class Facets {
  #fields = [];
  #chosen = new Map(); // field → the values that are pressed
  #counts = new Map(); // field → value → count, as the last search told
  #known = new Map(); // field → its values before any of them was pressed: a filter leaves the others out of the counts

  constructor(place, onChange) {
    this.place = place;
    this.onChange = onChange;
    document.addEventListener("language", () => this.#draw());
  }

  // Which attributes are worth counting: those with values that several products share.
  async discover(api, path) {
    this.#fields = [];
    this.clear();
    this.#known.clear();
    this.show({});
    const page = await api.get(`${path}/products?limit=${LOOKED_AT}`).catch(() => ({ products: [] })); // a token may not
    const seen = new Map();
    for (const { attributes } of page.products) {
      for (const [field, value] of Object.entries(attributes)) if (isCountable(field, value)) seen.set(field, [...(seen.get(field) || []), value]);
    }
    const shared = [...seen].filter(([, values]) => values.length > 1 && new Set(values).size <= values.length / 2);
    this.#fields = shared.sort(([, one], [, other]) => other.length - one.length).slice(0, MOST_FIELDS).map(([field]) => field);
  }

  get fields() {
    return this.#fields.map(quoted);
  }

  get isChosen() {
    return this.#chosen.size > 0;
  }

  // The reader's own filter and what is pressed, together.
  filter(own) {
    const pressed = [...this.#chosen].map(([field, values]) => `${quoted(field)} IN (${[...values].map(literal).join(", ")})`);
    return [...(own ? [pressed.length ? `(${own})` : own] : []), ...pressed].join(" AND ");
  }

  clear() {
    this.#chosen.clear();
  }

  show(facets) {
    this.#counts = new Map();
    for (const field of this.#fields) {
      const values = facets[quoted(field)] ?? facets[field] ?? [];
      this.#counts.set(field, new Map(values.map(({ value, count }) => [value, count])));
      if (!this.#chosen.has(field)) this.#known.set(field, values.map(({ value }) => value));
    }
    this.#draw();
  }

  #draw() {
    const focused = document.activeElement?.dataset.facet;
    const groups = this.#fields.filter((field) => this.#known.get(field)?.length).map((field) => this.#group(field));
    this.place.replaceChildren(...groups);
    if (focused) [...this.place.querySelectorAll("[data-facet]")].find((each) => each.dataset.facet === focused)?.focus();
  }

  #group(field) {
    const values = this.#known.get(field);
    const list = make("ul", "", ...values.map((value) => make("li", "", this.#value(field, value))));
    const group = make("section", "facet", make("h3", "", field), list);
    const rest = [...list.children].slice(SHOWN);
    for (const each of rest) each.hidden = !each.querySelector("[aria-pressed=true]");
    if (rest.some((each) => each.hidden)) {
      const all = button(words.allValues(values.length), () => {
        for (const each of rest) each.hidden = false;
        all.remove();
        rest[0].firstChild.focus();
      }, "quiet");
      group.append(all);
    }
    return group;
  }

  #value(field, value) {
    const count = this.#counts.get(field).get(value);
    const pressed = this.#chosen.get(field)?.has(value) ?? false;
    const made = button("", () => this.#toggle(field, value), "value");
    made.append(make("span", "", value), make("span", "count", count === undefined ? "" : number(count)));
    made.setAttribute("aria-pressed", String(pressed));
    made.dataset.facet = `${field} ${value}`;
    return made;
  }

  #toggle(field, value) {
    const values = this.#chosen.get(field) ?? new Set();
    if (!values.delete(value)) values.add(value);
    if (values.size) this.#chosen.set(field, values);
    else this.#chosen.delete(field);
    this.onChange();
  }
}

function isCountable(field, value) {
  return ["string", "boolean"].includes(typeof value) && String(value).length <= 40 && !/[",]/.test(field);
}

function quoted(field) {
  return PLAIN.test(field) ? field : `"${field}"`;
}

function literal(value) {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value).toUpperCase();
}
