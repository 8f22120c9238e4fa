// Stored pictures as addresses for <img>, which cannot send a key itself; each is fetched once.

export class Pictures {
  #addresses = new Map();

  clear() {
    for (const address of this.#addresses.values()) address.then((each) => each && URL.revokeObjectURL(each));
    this.#addresses.clear();
  }

  // The address, or null where it cannot be had.
  address(api, url) {
    if (!this.#addresses.has(url)) this.#addresses.set(url, api.blob(url).then(URL.createObjectURL, () => null));
    return this.#addresses.get(url);
  }
}
