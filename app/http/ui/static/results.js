// Shows hits: picture, title, score, and what each part of the query brought through which modality.

import { words } from "./words.js";

const SIGNS = { text: "Aa", image: "▦", speech: "♪" };

export class Results {
  #addresses = [];

  // `onSimilar` gets the SKU of a product that the reader wants more of.
  constructor(list, onSimilar) {
    this.list = list;
    this.onSimilar = onSimilar;
  }

  clear() {
    this.list.replaceChildren();
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
  }

  add(hits, api) {
    const largest = Math.max(0.001, ...hits.flatMap((hit) => hit.contributions.map((each) => Math.abs(each.contribution))));
    this.list.append(...hits.map((hit) => this.#card(hit, largest, api)));
  }

  #card(hit, largest, api) {
    const title = hit.product ? hit.product.title || hit.sku : words.gone;
    const card = make("li", "hit", this.#picture(hit, title, api));
    const about = make("div", "about", make("h2", "", title));
    const score = make("span", "score", hit.score.toFixed(3));
    score.title = words.score;
    about.append(make("div", "facts", make("span", "", price(hit.product) || hit.sku), score), shares(hit, largest));
    if (hit.product) {
      const similar = make("button", "similar", words.similar);
      similar.type = "button";
      similar.addEventListener("click", () => this.onSimilar(hit.sku));
      about.append(similar);
    }
    card.append(about);
    return card;
  }

  #picture(hit, title, api) {
    const frame = make("div", "picture", make("span", "", SIGNS[hit.product?.speech.length ? "speech" : "text"]));
    frame.append(make("b", "rank", hit.rank));
    const stored = hit.product?.images[0];
    if (stored) this.#fetch(stored.url, title, frame, api);
    return frame;
  }

  async #fetch(url, title, frame, api) {
    const address = await api.picture(url).catch(() => null);
    if (!address || !frame.isConnected) return;
    this.#addresses.push(address);
    const picture = make("img");
    picture.alt = title;
    // What the browser cannot show, a TIFF, leaves the sign underneath.
    picture.addEventListener("error", () => picture.remove());
    picture.src = address;
    frame.prepend(picture);
  }
}

function shares(hit, largest) {
  const list = make("dl", "shares");
  for (const each of hit.contributions) {
    const bar = make("dd", each.contribution < 0 ? "bar below" : "bar", make("i"));
    bar.firstChild.style.setProperty("--share", Math.abs(each.contribution) / largest);
    // One vector may stand for several parts of the query: text+image.
    const asked = each.modality.split("+").map((modality) => words.modality[modality]).join(" + ");
    const name = `${asked} → ${words.modality[each.against]}`;
    list.append(make("dt", "", name), bar, make("dd", "", each.contribution.toFixed(3)));
  }
  return list;
}

function price(product) {
  if (product?.price == null) return "";
  if (!product.currency) return String(product.price);
  return new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: product.currency }).format(product.price);
}

function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}
