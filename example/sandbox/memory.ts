import type { Adapter, AdapterPayload } from 'oidc-provider';

/**
 * Keeps what the provider stores, one of these for each kind of thing. The provider's own keeps a thousand things
 * in all, which a few hundred people signing in at once use up.
 */
export class Memory implements Adapter {
  readonly #rows = new Map<string, AdapterPayload>();

  upsert(id: string, row: AdapterPayload, expiresIn: number): Promise<void> {
    this.#rows.set(id, row);
    setTimeout(() => this.#rows.delete(id), expiresIn * 1000).unref();
    return Promise.resolve();
  }

  find(id: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(this.#rows.get(id));
  }

  consume(id: string): Promise<void> {
    const row = this.#rows.get(id);
    if (row) row.consumed = Math.floor(Date.now() / 1000);
    return Promise.resolve();
  }

  destroy(id: string): Promise<void> {
    this.#rows.delete(id);
    return Promise.resolve();
  }

  revokeByGrantId(grantId: string): Promise<void> {
    for (const [id, row] of this.#rows) if (row.grantId === grantId) this.#rows.delete(id);
    return Promise.resolve();
  }

  // Asked for by ways of signing in that the sandbox does not offer.
  findByUid(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
