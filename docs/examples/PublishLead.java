import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.apache.avro.Conversions;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** java PublishLead KAFKA REGISTRY lead.captured.avsc */
public class PublishLead {
  public static void main(String[] args) throws Exception {
    Schema schema = new Schema.Parser().parse(Path.of(args[2]).toFile());
    GenericRecord lead = new GenericRecordBuilder(schema)
        .set("lead_id", "LEAD-JAVA-1").set("owner_id", "E001").set("prospect_name", "Example Pumps")
        .set("customer_industry", "MANUFACTURING").set("demand_type", "NEW")
        .set("expected_amount", new BigDecimal("250000.00"))  // money has two decimals
        .build();
    byte[] value = frame(idOf(schema, args[1]), lead);
    Map<String, Object> settings = Map.of("bootstrap.servers", args[0], "acks", "all", "enable.idempotence", true);
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      var record = new ProducerRecord<>("sales.lead.v1", "LEAD-JAVA-1", value);
      record.headers().add("ce_source", "crm-java".getBytes(StandardCharsets.UTF_8));
      record.headers().add("ce_id", "1".getBytes(StandardCharsets.UTF_8));  // sent again, it still counts once
      var place = producer.send(record).get();
      System.out.println(place.topic() + " partition " + place.partition() + " offset " + place.offset());
    }
  }

  /** Confluent's wire format: a zero byte, the schema's id in four bytes, the Avro value. */
  static byte[] frame(int id, GenericRecord value) throws Exception {
    GenericData data = new GenericData();
    data.addLogicalTypeConversion(new Conversions.DecimalConversion());
    var out = new ByteArrayOutputStream();
    out.write(0);
    out.write(ByteBuffer.allocate(4).putInt(id).array());
    var encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<GenericRecord>(value.getSchema(), data).write(value, encoder);
    encoder.flush();
    return out.toByteArray();
  }

  /** The id under which the registry knows the schema; registering what is there already only asks. */
  static int idOf(Schema schema, String registry) throws Exception {
    String body = "{\"schema\": \"" + schema.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\"}";
    var request = HttpRequest.newBuilder(URI.create(registry + "/subjects/sales.lead.v1-value/versions"))
        .header("Content-Type", "application/vnd.schemaregistry.v1+json")
        .POST(HttpRequest.BodyPublishers.ofString(body)).build();
    var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) throw new IllegalStateException(answer.body());
    return Integer.parseInt(answer.body().replaceAll("\\D", ""));
  }
}
