// "Why this?": what each part of the query brought to a hit, and what its words looked at.

import { button, make } from "./dom.js";
import { words } from "./words.js";

const LOOKED_AT = 260 / 292; // of a picture's short side, the square in its middle that the encoder sees

// A disclosure; what is in it is drawn when it is opened. `frame` holds the hit's picture.
export function explain(hit, frame, found) {
  const why = make("details", "why", make("summary", "", words.why));
  why.addEventListener("toggle", () => {
    if (why.open && why.children.length === 1) why.append(...reasons(hit, frame, found));
    if (!why.open) frame.querySelector(".heat")?.remove();
  });
  return why;
}

function reasons(hit, frame, found) {
  const told = [make("p", "", words.whySum(hit.cosine.toFixed(3))), shares(hit, found)];
  if (hit.exact) told.unshift(make("p", "", words.exact[hit.exact]));
  if (hit.words) told.push(make("p", "", words.whyWords(hit.words.toFixed(2))));
  told.push(make("p", "", words.whyScore(hit.score.toFixed(3))));
  if (hit.attention?.length) told.push(...looks(hit, frame, found));
  return told;
}

function shares(hit, { names, largest }) {
  const list = make("dl", "shares");
  for (const each of hit.contributions) {
    const bar = make("dd", each.contribution < 0 ? "share below" : "share", make("i"));
    bar.firstChild.style.setProperty("--share", Math.abs(each.contribution) / largest);
    // One vector may stand for several parts of the query: query/0+query/2.
    const modalities = each.modality.split("+");
    const asked = each.query.split("+").map((part, place) => names.get(part)?.name(modalities[place]) ?? part).join(" + ");
    list.append(make("dt", "", `${asked} → ${words.modality[each.against]}`), bar, make("dd", "", each.contribution.toFixed(3)));
  }
  return list;
}

// What each word, or the whole picture or recording, of the query attended to: pressed, it is told and shown.
function looks(hit, frame, found) {
  const list = make("div", "looks");
  const told = make("p", "seen");
  told.setAttribute("role", "status");
  for (const token of asked(hit.attention, found.names)) {
    const look = button(nameOf(token, found), () => toggle(look, list, told, frame, { hit, token, ...found }), "look");
    look.setAttribute("aria-pressed", "false");
    list.append(look);
  }
  return list.children.length ? [make("p", "", words.whyLooks), list, told] : [];
}

function nameOf(token, { names }) {
  return token.label ?? names.get(token.query)?.name(token.modality) ?? words.modality[token.modality];
}

async function toggle(look, list, told, frame, asked) {
  const isShown = look.getAttribute("aria-pressed") === "true";
  for (const each of list.children) each.setAttribute("aria-pressed", "false");
  frame.querySelector(".heat")?.remove();
  told.textContent = "";
  if (isShown) return;
  look.setAttribute("aria-pressed", "true");
  const seen = asked.token.sees.map((each) => `${each.label ?? words.modality[each.against]} ${each.weight.toFixed(2)}`);
  told.textContent = words.saw(look.textContent, seen.join(", "));
  await heat(look, frame, asked);
}

async function heat(look, frame, { hit, token, api, jobId, pictures }) {
  const picture = frame.querySelector("img");
  if (!picture || !token.pictures.some(({ ordinal }) => ordinal === 0)) return;
  const query = new URLSearchParams({ query: token.query, ...(token.label && { label: token.label }) });
  const address = await pictures.address(api, `/v1/jobs/${jobId}/hits/${hit.rank}/heat?${query}`);
  if (!address || look.getAttribute("aria-pressed") !== "true") return;
  const shown = make("img", "heat");
  shown.alt = words.heatOf(look.textContent);
  shown.src = address;
  const { naturalWidth: width, naturalHeight: height } = picture;
  const scale = Math.min(picture.clientWidth / width, picture.clientHeight / height);
  shown.style.width = `${(100 * Math.min(width, height) * scale * LOOKED_AT) / frame.clientWidth}%`;
  frame.append(shown);
}

// The reader's own words, and of pictures and recordings the whole: their cells and seconds have no names that help.
function asked(attention, names) {
  const isWord = (token) => token.label !== null && !names.get(token.query)?.isProduct;
  const found = attention.filter((token) => (token.modality === "text" ? isWord(token) : token.label === null));
  return [...new Map(found.map((token) => [`${token.query} ${token.label}`, token])).values()];
}
