// Talks to the server with the reader's key.

import { words } from "./words.js";

const PATIENCE = 2; // seconds that one request waits for a job, so that its state is told meanwhile
const FINAL = ["succeeded", "failed", "cancelled"];

// What the server said was wrong: a problem document (RFC 9457).
export class Problem extends Error {
  constructor(document, after = null) {
    super(document.detail || document.title);
    this.status = document.status;
    this.fields = document.errors || [];
    this.after = after; // seconds after which to ask again
  }
}

export class Api {
  constructor(key) {
    this.key = key;
  }

  get(path, options) {
    return this.#json(path, options);
  }

  post(path, options = {}) {
    const headers = { "Idempotency-Key": newId(), ...options.headers };
    return this.#json(path, { method: "POST", ...options, headers });
  }

  async delete(path) {
    await this.#fetch(path, { method: "DELETE" });
  }

  async catalogues() {
    return (await this.get("/v1/catalogues")).catalogues.map((each) => each.name);
  }

  // Submits a search and waits for its end.
  async search(catalogue, form, options) {
    const path = `${pathOf(catalogue)}/searches`;
    const answer = await this.post(path, { body: form, headers: { Prefer: "wait=1" }, signal: options.signal });
    const job = await this.follow(answer.job || answer, options);
    if (job.state === "failed") throw new Problem(job.error);
    if (job.state === "cancelled") throw new Problem({ detail: words.cancelled });
    return job;
  }

  // The job once it has ended; tells `progress` of it meanwhile.
  async follow(job, { signal, progress }) {
    while (!FINAL.includes(job.state)) {
      progress(job);
      job = await this.get(`/v1/jobs/${job.id}?wait=${PATIENCE}`, { signal });
    }
    return job;
  }

  cancel(jobId) {
    return this.post(`/v1/jobs/${jobId}/cancel`);
  }

  hits(jobId, cursor) {
    return this.get(`/v1/jobs/${jobId}/hits?limit=20&cursor=${encodeURIComponent(cursor)}`);
  }

  // Bytes that a link or <img> could not ask for, since they send no key.
  async blob(path) {
    return (await this.#fetch(path)).blob();
  }

  // Uploads a file, telling `progress` its share that is sent, 0 to 1; fetch does not tell it.
  send(path, file, { signal, progress }) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", path);
      request.setRequestHeader("Authorization", `Bearer ${this.key}`);
      request.setRequestHeader("Idempotency-Key", newId());
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => progress(event.total ? event.loaded / event.total : 0));
      request.addEventListener("error", () => reject(new Problem({ detail: words.unreachable })));
      request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      request.addEventListener("load", () => {
        if (request.status < 300) resolve(request.response);
        else reject(new Problem(request.response ?? { detail: words.unreachable, status: request.status }, request.getResponseHeader("Retry-After")));
      });
      signal.addEventListener("abort", () => request.abort());
      request.send(file);
    });
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
    if (answer.ok) return answer;
    const document = await answer.json().catch(() => ({ detail: words.unreachable, status: answer.status }));
    throw new Problem(document, answer.headers.get("Retry-After"));
  }
}

export function pathOf(catalogue) {
  return `/v1/catalogues/${encodeURIComponent(catalogue)}`;
}

// crypto.randomUUID exists on secure pages only; a shop's own network may serve plain HTTP.
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
