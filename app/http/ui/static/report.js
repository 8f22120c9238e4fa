// What the check of a file, or its import, came to.

import { at, make } from "./dom.js";
import { duration, number, words } from "./words.js";

export function drawReport(job, name) {
  const title = job.dry_run ? words.checkedTitle : job.state === "succeeded" ? words.importedTitle : words.stoppedTitle;
  const isFine = job.dry_run && job.progress.done > 0;
  at("report").hidden = false;
  at("report-title").textContent = title(name);
  at("counts").replaceChildren(...counts(job).map(([word, value]) => count(word, value)));
  at("advice").textContent = advice(job);
  at("import").hidden = !isFine;
  at("look").hidden = job.dry_run || !job.progress.done;
  at("errors").hidden = !job.progress.failed;
}

function counts({ dry_run: isDry, progress: { done, failed }, result }) {
  const told = [[isDry ? "right" : "taken", number(done)], ["failed", number(failed)]];
  if (!isDry || !result) return told;
  for (const name of ["new", "changed", "unchanged"]) told.push([name, number(result[name] ?? 0)]);
  if (result.new + result.changed) told.push(["takes", duration(result.expected_seconds)]);
  return told;
}

function count(word, value) {
  const told = make("div", word === "failed" && value !== "0" ? "wrong" : "", make("dt", "", words.counts[word]), make("dd", "", value));
  told.dataset.count = word;
  return told;
}

function advice({ dry_run: isDry, state, progress: { done, failed } }) {
  if (!isDry) return state === "succeeded" && done ? words.adviceDone : "";
  if (!done) return words.adviceNothing;
  return failed ? words.adviceWrong : words.adviceFine;
}
