// Talks to the server with the reader's key.

import { words } from "./words.js";

const WAIT = 20; // seconds that one request waits for a job
const FINAL = ["succeeded", "failed", "cancelled"];

// What the server said was wrong: a problem document (RFC 9457).
export class Problem extends Error {
  constructor(document) {
    super(document.detail || document.title);
    this.status = document.status;
    this.fields = document.errors || [];
  }
}

export class Api {
  constructor(key) {
    this.key = key;
  }

  async catalogues() {
    return (await this.#json("/v1/catalogues")).catalogues.map((each) => each.name);
  }

  // Submits a search and waits for its end; tells `progress` the job's state meanwhile.
  async search(catalogue, form, { signal, progress }) {
    const path = `/v1/catalogues/${encodeURIComponent(catalogue)}/searches`;
    const headers = { Prefer: `wait=${WAIT}`, "Idempotency-Key": newId() };
    const answer = await this.#json(path, { method: "POST", body: form, headers, signal });
    let job = answer.job || answer;
    while (!FINAL.includes(job.state)) {
      progress(job.state);
      job = await this.#json(`/v1/jobs/${job.id}?wait=${WAIT}`, { signal });
    }
    if (job.state === "failed") throw new Problem(job.error);
    if (job.state === "cancelled") throw new Problem({ detail: words.cancelled });
    return job;
  }

  async hits(jobId, cursor) {
    return this.#json(`/v1/jobs/${jobId}/hits?limit=20&cursor=${encodeURIComponent(cursor)}`);
  }

  // A stored picture as an address for <img>, which cannot send a key itself.
  async picture(url) {
    const answer = await this.#fetch(url);
    return URL.createObjectURL(await answer.blob());
  }

  async #json(path, options) {
    return (await this.#fetch(path, options)).json();
  }

  async #fetch(path, options = {}) {
    const headers = { ...options.headers, Authorization: `Bearer ${this.key}` };
    let answer;
    try {
      answer = await fetch(path, { ...options, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem({ detail: words.unreachable });
    }
    if (!answer.ok) throw new Problem(await answer.json().catch(() => ({ detail: words.unreachable, status: answer.status })));
    return answer;
  }
}

// crypto.randomUUID exists on secure pages only; a shop's own network may serve plain HTTP.
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
