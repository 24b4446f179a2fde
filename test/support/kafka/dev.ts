/** `node test/support/kafka/dev.ts`: a broker that outlives this command; prints its address and its pid. */
import { startKafka } from './broker.ts';

const kafka = await startKafka({ detached: true });
console.log(JSON.stringify({ brokers: kafka.brokers, pids: kafka.pids }));
process.exit(0);
