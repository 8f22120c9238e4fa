// What the sections of the admin page share.

import { api } from "./access.js";
import { Problem } from "./api.js";
import { button, make } from "./dom.js";
import { confirmed } from "./confirm.js";
import { guarded, tell } from "./notices.js";
import { redraw } from "./table.js";
import { words } from "./words.js";

export class Section {
  // `draw` turns what `load` brings from the API into elements.
  constructor(id, load, draw) {
    this.body = document.querySelector(`#${id} .body`);
    this.load = load;
    this.draw = draw;
    document.addEventListener("language", () => this.#show());
  }

  // Loads and shows it; where the key may not see it, says so in its place.
  async refresh() {
    const turn = (this.turn = {});
    const content = await this.load(api()).then((loaded) => ({ loaded }), (problem) => ({ problem }));
    if (this.turn !== turn) return; // asked again meanwhile, maybe for something else
    if (content.problem && !(content.problem instanceof Problem)) throw content.problem;
    this.content = content;
    this.#show();
  }

  #show() {
    const { loaded, problem } = this.content ?? {};
    if (loaded) redraw(this.body, ...this.draw(loaded));
    if (problem) this.body.replaceChildren(make("p", "problem", [problem.message, problem.status === 403 ? words.helpScope : ""].join(" ")));
  }
}

// A button of a row that does something once the reader agrees, and says when it is done.
export function act(word, work, { ask = null, after, danger = false }) {
  const made = button(words[word], async () => {
    if (ask && !(await confirmed(ask, words[word]))) return;
    await guarded(async () => {
      await work(api());
      tell(() => words.isDone);
    });
    await after();
  }, danger ? "small danger" : "small");
  made.dataset.act = word;
  return made;
}
