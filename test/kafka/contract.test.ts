import { describeLogContract } from '../contract/log.contract.ts';
import { describeRequestContract } from '../contract/requests.contract.ts';
import { kafkaHarness } from '../support/kafka/log.ts';
import { describeKafka } from '../support/kafka/shared.ts';

describeKafka('the log on Kafka', () => {
  describeLogContract('kafka', kafkaHarness, 'shared');
  describeRequestContract('kafka', kafkaHarness);
});
