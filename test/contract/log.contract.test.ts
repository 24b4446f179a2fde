import { memoryHarness, sqliteHarness } from '../support/log-harness.ts';
import { describeLogContract } from './log.contract.ts';

describeLogContract('memory', memoryHarness);
describeLogContract('sqlite', (options) => sqliteHarness(options));
