/** The rules of every log, held by the letters and the requests of the Kafka log over topics in memory. */
import { describeLogContract } from '../../../contract/log.contract.ts';
import { describeRequestContract } from '../../../contract/requests.contract.ts';
import { composedHarness } from './composed-log.ts';

describeLogContract('letters and requests of the Kafka log', composedHarness);
describeRequestContract('letters and requests of the Kafka log', composedHarness);
