/**
 * What the network between two parties does.
 *
 * - `pass`: nothing.
 * - `latency`: everything takes so much longer, each way.
 * - `reset`: a share of the answers is cut in the middle, with a reset to both sides.
 * - `drip`: answers come one byte at a time.
 * - `half-open`: nothing passes in either direction, and nobody is told; connections are still taken.
 * - `refuse`: connections are reset, open ones and new ones.
 */
export type ProxyMode =
  | { readonly kind: "pass" }
  | { readonly kind: "latency"; readonly ms: number; readonly jitterMs: number }
  | { readonly kind: "reset"; readonly share: number }
  | { readonly kind: "drip"; readonly everyMs: number }
  | { readonly kind: "half-open" }
  | { readonly kind: "refuse" };
