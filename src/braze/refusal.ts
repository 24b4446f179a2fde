/** What Braze's refusal of one object says, and what the operator can do about it. */
import type { OperationKind } from '../model/operation.ts';
import { type Rejected, rejected } from '../model/outcome.ts';

/** Holds nothing of the event. */
const PURCHASES_ADVICE =
  'Braze takes no purchases for this workspace: set useEcommerceRecommendedEvents, then replay';

/**
 * An assumption: purchases are for older customers only (Braze: purchase object docs, 2026), but with which text the
 * others are refused is not documented. The words of other refusals (`'price' is not valid`) do not match.
 */
const PURCHASES = /\bpurchases?\b/i;
const UNAVAILABLE =
  /\b(?:not (?:available|enabled|supported|permitted)|unavailable|disabled|maintenance|deprecated|recommended|e-?commerce)\b/i;

/** @param text Braze's, for an object of this kind */
export function refusalOf(kind: OperationKind | undefined, text: string): Rejected {
  if (kind === 'purchase' && PURCHASES.test(text) && UNAVAILABLE.test(text)) {
    return rejected('refused', 'purchases_unavailable', `${PURCHASES_ADVICE} (${text})`);
  }
  return rejected('refused', 'braze_refused', text);
}

/** What a log line can say about a code beside it; undefined when docs/errors.md says it all. */
export function adviceFor(code: string): string | undefined {
  return code === 'purchases_unavailable' ? PURCHASES_ADVICE : undefined;
}
