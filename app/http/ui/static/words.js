// What the pages say, in English or Chinese: as the reader chose, or else as the browser prefers.

import { CHINESE } from "./chinese.js";
import { ENGLISH } from "./english.js";

const LANGUAGES = { en: ENGLISH, "zh-Hans": CHINESE };

export let language = localStorage.getItem("language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh-Hans" : "en");
if (!(language in LANGUAGES)) language = "en";
export let words = LANGUAGES[language];

// Puts the words where elements ask for them.
export function speak() {
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = words[each.dataset.word];
  for (const each of document.querySelectorAll("[data-hint]")) each.placeholder = words[each.dataset.hint];
  for (const each of document.querySelectorAll("[data-title]")) each.title = words[each.dataset.title];
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", words[each.dataset.label]);
}

// The other language, from now on; what pages drew themselves they draw anew when they hear of it.
export function changeLanguage() {
  language = otherLanguage();
  words = LANGUAGES[language];
  localStorage.setItem("language", language);
  speak();
  document.dispatchEvent(new Event("language"));
}

export function otherLanguage() {
  return language === "en" ? "zh-Hans" : "en";
}

export function number(value) {
  return new Intl.NumberFormat(language).format(value);
}

export function moment(iso) {
  return iso ? new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso)) : "";
}

// 75 → "1 min 15 s"
export function duration(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  const parts = [[Math.floor(whole / 3600), words.hours], [Math.floor((whole % 3600) / 60), words.minutes], [whole % 60, words.seconds]];
  return parts.filter(([count]) => count).slice(0, 2).map(([count, unit]) => `${count} ${unit}`).join(" ");
}
