import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Arguments: brokers, topic, transactional id, then for each transaction `commit` or `abort` and one record's value. */
class Transactions {
    public static void main(String[] args) throws Exception {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", args[0],
            "transactional.id", args[2],
            "compression.type", "zstd",
            "key.serializer", StringSerializer.class,
            "value.serializer", StringSerializer.class);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings)) {
            producer.initTransactions();
            for (int i = 3; i < args.length; i += 2) {
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(args[1], "java", args[i + 1])).get();
                if (args[i].equals("commit")) producer.commitTransaction();
                else producer.abortTransaction();
            }
        }
    }
}
