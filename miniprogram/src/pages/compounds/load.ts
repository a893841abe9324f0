import { api, type Schema } from "@/api";

/** Shown is a compound with the outages announced for it. */
export interface Shown { compound: Schema<"OpenDetail">; outages: Schema<"OutageView">[] }

/** show reads both at once. */
export async function show(id: string): Promise<Shown> {
  const [compound, outages] = await Promise.all([
    api("get", "/open/compounds/{id}", { open: true, path: { id } }), api("get", "/outages", { open: true, query: { compound_id: id } }),
  ]);
  return { compound, outages: outages.items };
}
