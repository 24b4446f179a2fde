/** Whether the tools for the chart are here: without them its tests are skipped and say so, in CI they fail. */
import { missingTools } from '../../../scripts/helm/tools.ts';

const missing = missingTools();

/** Empty when everything is here. */
export const lacking = missing.length === 0 ? '' : `missing: ${missing.join(', ')}`;

if (lacking !== '') {
  const message = `the chart cannot be rendered (${lacking}): run node scripts/helm-tools.ts`;
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(`skipped: ${message}`);
}
