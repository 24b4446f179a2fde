import { memoryHarness, sqliteHarness } from '../support/log-harness.ts';
import { describeRequestContract } from './requests.contract.ts';

describeRequestContract('memory', memoryHarness);
describeRequestContract('sqlite', sqliteHarness);
