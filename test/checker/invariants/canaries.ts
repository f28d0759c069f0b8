import type { Invariant } from "../findings.ts";

/** S24. */
export const canaries: Invariant = {
  title: "secrets and masked fields appear nowhere",
  needs: [],
  judge({ canarySearch }, findings) {
    if (canarySearch === null) {
      findings.cannotJudge("nobody searched for canaries");
      return;
    }
    for (const artefact of canarySearch.searched) if (artefact !== "") findings.judged();
    for (const { artefact, canary } of canarySearch.found) {
      findings.breach(() => `${canary} stands in ${artefact}`);
    }
  },
};
