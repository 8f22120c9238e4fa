// Shows hits: picture, title, what to do with it, and why it was found.

import { button, make } from "./dom.js";
import { Pictures } from "./pictures.js";
import { explain } from "./why.js";
import { language, words } from "./words.js";

const WIDTH = 480; // pixels of the smaller pictures that are asked for; where there is none, the picture itself comes
const SIGNS = { text: "Aa", speech: "♪" };

export class Results {
  #pages = []; // what is shown, to be drawn anew in another language
  #pictures = new Pictures();

  // `onLike` gets a SKU, its title, and whether the reader wants "more" or "less" like it.
  constructor(list, onLike) {
    this.list = list;
    this.onLike = onLike;
    document.addEventListener("language", () => this.list.replaceChildren(...this.#pages.flatMap((page) => this.#cards(page))));
  }

  get count() {
    return this.list.children.length;
  }

  clear() {
    this.list.replaceChildren();
    this.#pages = [];
    this.#pictures.clear();
  }

  // `found` says where the hits come from: the API, the job, and the names of the query's parts.
  add(hits, found) {
    const page = { hits, found };
    this.#pages.push(page);
    this.list.append(...this.#cards(page));
  }

  #cards({ hits, found }) {
    const largest = Math.max(0.001, ...hits.flatMap((hit) => hit.contributions.map((each) => Math.abs(each.contribution))));
    return hits.map((hit) => this.#card(hit, { ...found, largest, pictures: this.#pictures }));
  }

  #card(hit, found) {
    const title = hit.product ? hit.product.title || hit.sku : words.gone;
    const frame = this.#frame(hit, title, found.api);
    const about = make("div", "about", make("h3", "", title), facts(hit));
    if (hit.product) about.append(this.#acts(hit.sku, title));
    about.append(explain(hit, frame, found));
    const card = make("li", "hit", frame, about);
    card.dataset.sku = hit.sku;
    return card;
  }

  #acts(sku, title) {
    const acts = ["more", "less"].map((way) => {
      const act = button(words[way === "more" ? "likeMore" : "likeLess"], () => this.onLike(sku, title, way), "small");
      act.setAttribute("aria-label", way === "more" ? words.moreLike(title) : words.lessLike(title));
      act.dataset.like = way;
      return act;
    });
    return make("div", "likes", ...acts);
  }

  #frame(hit, title, api) {
    const sign = make("span", "sign", SIGNS[hit.product?.speech.length ? "speech" : "text"]);
    sign.setAttribute("aria-hidden", "true");
    const frame = make("div", "picture", sign, make("b", "rank", hit.rank));
    const stored = hit.product?.images.find((image) => image.url);
    if (stored) this.#fetch(stored.url, title, frame, api);
    return frame;
  }

  async #fetch(url, title, frame, api) {
    const address = await this.#pictures.address(api, `${url}?width=${WIDTH}`);
    if (!address) return;
    const picture = make("img");
    picture.alt = title;
    // What the browser cannot show, a TIFF, leaves the sign underneath.
    picture.addEventListener("error", () => picture.remove());
    picture.src = address;
    frame.prepend(picture);
  }
}

function facts(hit) {
  const told = make("p", "facts", make("span", "", price(hit.product) || hit.sku));
  if (hit.relevance !== null) {
    const share = new Intl.NumberFormat(language, { style: "percent" }).format(hit.relevance);
    told.append(make("span", "relevance", words.relevance(share)));
  }
  return told;
}

function price(product) {
  if (product?.price == null) return "";
  if (!product.currency) return String(product.price);
  return new Intl.NumberFormat(language, { style: "currency", currency: product.currency }).format(product.price);
}
