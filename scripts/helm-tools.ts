/** `node scripts/helm-tools.ts`: gets the tools that check the chart, once; says how long each took. */
import { getTools, missingTools } from './helm/tools.ts';

if (missingTools().length === 0) console.log('the tools for the chart are here');
else getTools(console.log);
