// Shows hits: picture, title, score, and what each part of the query brought through which modality.

import { words } from "./words.js";

const LOOKED_AT = 260 / 292; // of a picture's short side, the square in its middle that the encoder sees
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

  add(hits, api, jobId) {
    const largest = Math.max(0.001, ...hits.flatMap((hit) => hit.contributions.map((each) => Math.abs(each.contribution))));
    this.list.append(...hits.map((hit) => this.#card(hit, largest, api, jobId)));
  }

  #card(hit, largest, api, jobId) {
    const title = hit.product ? hit.product.title || hit.sku : words.gone;
    const picture = this.#picture(hit, title, api);
    const card = make("li", "hit", picture);
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
    if (hit.attention?.length) about.append(this.#looks(hit, picture, api, jobId));
    card.append(about);
    return card;
  }

  // What each word, or the whole picture or recording, of the query attended to: read it, or press to see it.
  #looks(hit, frame, api, jobId) {
    const list = make("div", "looks");
    for (const token of asked(hit.attention)) {
      const name = token.label ?? words.modality[token.modality];
      const seen = token.sees.map((each) => `${each.label ?? words.modality[each.against]} ${each.weight.toFixed(2)}`);
      const look = make("button", "look", name);
      look.type = "button";
      look.title = words.saw(name, seen.join(", "));
      look.setAttribute("aria-pressed", "false");
      look.disabled = !token.pictures.some((picture) => picture.ordinal === 0);
      look.addEventListener("click", () => this.#toggleHeat(look, list, frame, api, { jobId, rank: hit.rank, token }));
      list.append(look);
    }
    return list;
  }

  async #toggleHeat(look, list, frame, api, { jobId, rank, token }) {
    const isShown = look.getAttribute("aria-pressed") === "true";
    for (const each of list.children) each.setAttribute("aria-pressed", "false");
    frame.querySelector(".heat")?.remove();
    const picture = frame.querySelector("img");
    if (isShown || !picture) return;
    look.setAttribute("aria-pressed", "true");
    const asked = new URLSearchParams({ query: token.query, ...(token.label && { label: token.label }) });
    const address = await api.picture(`/v1/jobs/${jobId}/hits/${rank}/heat?${asked}`).catch(() => null);
    if (!address || look.getAttribute("aria-pressed") !== "true") return;
    this.#addresses.push(address);
    const heat = make("img", "heat");
    heat.alt = look.title;
    heat.src = address;
    const { naturalWidth: width, naturalHeight: height } = picture;
    const scale = Math.min(frame.clientWidth / width, frame.clientHeight / height);
    heat.style.width = `${Math.min(width, height) * scale * LOOKED_AT}px`;
    frame.append(heat);
  }

  #picture(hit, title, api) {
    const frame = make("div", "picture", make("span", "", SIGNS[hit.product?.speech.length ? "speech" : "text"]));
    frame.append(make("b", "rank", hit.rank));
    const stored = hit.product?.images.find((image) => image.url);
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

// The words, and of pictures and recordings the whole: their cells and seconds have no names that help.
function asked(attention) {
  const found = attention.filter((token) => (token.modality === "text" ? token.label !== null : token.label === null));
  return [...new Map(found.map((token) => [`${token.query} ${token.label}`, token])).values()];
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
