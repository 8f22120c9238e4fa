// The parts of a query and how much each counts: text, picture, voice, products to be like or unlike.

import { button, make } from "./dom.js";
import { words } from "./words.js";

const LIKE = { more: 1, less: -0.3 }; // weights of a product that hits should be like, or unlike
const PAUSE = 300; // milliseconds without a change after which a slider is taken to be where it should

export class Mix {
  #parts = new Map([["text", { weight: 1 }]]);

  // `text` is the field that holds the text; `onChange` is called when a weight or part changed by hand.
  constructor(list, text, onChange) {
    this.list = list;
    this.text = text;
    this.onChange = onChange;
    text.addEventListener("input", () => this.draw());
    document.addEventListener("language", () => this.draw());
  }

  // A picture or recording, in place of the one before.
  setFile(kind, file) {
    this.#drop(kind);
    this.#parts.set(kind, { weight: 1, file, address: URL.createObjectURL(file) });
    this.draw();
  }

  setProduct(sku, title, way) {
    this.#parts.set(`product ${sku}`, { weight: LIKE[way], sku, title });
    this.draw();
  }

  // What is asked, in order; a part of no weight, or an empty text, asks for nothing.
  get asked() {
    const hasContent = ([id]) => id !== "text" || this.text.value.trim();
    return [...this.#parts].filter(hasContent).filter(([, part]) => part.weight).map(([id, part]) => ({ id, ...part }));
  }

  // The search as the API takes it: `text` alone, or the list `query` with files beside it.
  form() {
    const form = new FormData();
    const asked = this.asked;
    if (asked.length === 1 && asked[0].id === "text" && asked[0].weight > 0) {
      form.append("text", this.text.value.trim());
      return form;
    }
    for (const { id, file } of asked) if (file) form.append(id, file, id);
    form.append("query", JSON.stringify(asked.map((part) => ({ ...this.#content(part), weight: part.weight }))));
    return form;
  }

  // The parts as an answer calls them, and how the reader is told of each: of a product, which of its contents.
  names() {
    const named = this.asked.map((part, place) => {
      const isProduct = part.sku !== undefined;
      const name = (modality) => this.#name(part.id, part) + (isProduct ? ` (${words.modality[modality]})` : "");
      return [`query/${place}`, { name, isProduct }];
    });
    return new Map([["text", { name: () => words.modality.text, isProduct: false }], ...named]);
  }

  draw() {
    const shown = [...this.#parts].filter(([id]) => id !== "text" || this.text.value.trim());
    this.list.hidden = this.#parts.size === 1;
    this.list.replaceChildren(...shown.map(([id, part]) => this.#chip(id, part, shown.length > 1)));
  }

  #content({ id, file, sku }) {
    if (file) return { [id]: { upload: id } };
    return sku === undefined ? { text: this.text.value.trim() } : { product: sku };
  }

  #name(id, { sku, title, weight }) {
    if (sku === undefined) return words.modality[id];
    return weight < 0 ? words.lessLike(title) : words.moreLike(title);
  }

  #chip(id, part, isMixed) {
    const name = make("span", "name", this.#name(id, part));
    const chip = make("li", part.weight < 0 ? "part below" : "part", ...this.#preview(id, part), name);
    chip.dataset.part = id;
    if (isMixed) chip.append(...this.#slider(id, part, chip, name));
    if (id !== "text") {
      const remove = button("×", () => this.remove(id), "remove");
      remove.setAttribute("aria-label", words.removePart(this.#name(id, part)));
      chip.append(remove);
    }
    return chip;
  }

  #preview(id, { address }) {
    if (!address) return [];
    const shown = make(id === "image" ? "img" : "audio");
    shown.src = address;
    if (id === "image") shown.alt = "";
    else shown.controls = true;
    return [shown];
  }

  #slider(id, part, chip, name) {
    const slider = make("input");
    Object.assign(slider, { type: "range", min: -1, max: 1, step: 0.1, value: part.weight });
    const told = make("output", "", part.weight.toFixed(1));
    const label = () => slider.setAttribute("aria-label", words.weightOf(this.#name(id, part)));
    label();
    slider.addEventListener("input", () => {
      part.weight = slider.valueAsNumber;
      told.textContent = part.weight.toFixed(1);
      chip.classList.toggle("below", part.weight < 0);
      name.textContent = this.#name(id, part);
      label();
    });
    slider.addEventListener("change", () => {
      clearTimeout(this.soon); // a key that is held down changes it many times
      this.soon = setTimeout(this.onChange, PAUSE);
    });
    return [slider, told];
  }

  remove(id) {
    this.#drop(id);
    this.draw();
    this.text.focus();
    this.onChange();
  }

  #drop(id) {
    const part = this.#parts.get(id);
    if (part?.address) URL.revokeObjectURL(part.address);
    this.#parts.delete(id);
  }
}
