package millrace.bench;

import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import io.confluent.parallelconsumer.vertx.VertxParallelStreamProcessor;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Confluent Parallel Consumer, ordered by key, as its documentation says; it runs until it is killed.
 *
 * <pre>
 * --client vertx|jdk --brokers B --topic T --group G --url U --in-flight N --schema FILE
 * [--messageBufferSize N] [--max.poll.records N]
 * </pre>
 */
public final class ParallelConsumerPeer {
  private final Map<String, String> options;
  private final EventBody bodies;
  private final URI url;

  private ParallelConsumerPeer(Map<String, String> options) throws IOException {
    this.options = options;
    bodies = new EventBody(Path.of(options.get("schema")));
    url = URI.create(options.get("url"));
  }

  public static void main(String[] args) throws IOException {
    Map<String, String> options = new HashMap<>();
    for (int index = 0; index + 1 < args.length; index += 2) {
      options.put(args[index].substring(2), args[index + 1]);
    }
    var peer = new ParallelConsumerPeer(options);
    if (options.get("client").equals("vertx")) peer.runVertx();
    else peer.runJdk();
  }

  private ParallelConsumerOptions<String, byte[]> consumerOptions() {
    var kafka =
        Map.<String, Object>of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, options.get("brokers"),
            ConsumerConfig.GROUP_ID_CONFIG, options.get("group"),
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false,
            ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                options.getOrDefault(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "500"));
    var consumer =
        new KafkaConsumer<>(kafka, new StringDeserializer(), new ByteArrayDeserializer());
    var builder =
        ParallelConsumerOptions.<String, byte[]>builder()
            .ordering(ProcessingOrder.KEY)
            .maxConcurrency(Integer.parseInt(options.get("in-flight")))
            .consumer(consumer);
    if (options.containsKey("messageBufferSize")) {
      builder.messageBufferSize(Integer.parseInt(options.get("messageBufferSize")));
    }
    return builder.build();
  }

  private void runVertx() {
    VertxParallelStreamProcessor<String, byte[]> processor =
        VertxParallelStreamProcessor.createEosStreamProcessor(consumerOptions());
    processor.subscribe(List.of(options.get("topic")));
    processor.vertxHttpWebClient(
        (client, context) -> {
          var found = context.getSingleConsumerRecord();
          return client
              .post(url.getPort(), url.getHost(), url.getPath())
              .putHeader("Content-Type", "application/json")
              .putHeader(
                  "Idempotency-Key",
                  IdempotencyKey.of(found.topic(), found.partition(), found.offset()))
              .sendBuffer(Buffer.buffer(bodies.of(found.value())));
        },
        sent -> {});
  }

  private void runJdk() {
    HttpClient client = HttpClient.newHttpClient();
    ParallelStreamProcessor<String, byte[]> processor =
        ParallelStreamProcessor.createEosStreamProcessor(consumerOptions());
    processor.subscribe(List.of(options.get("topic")));
    processor.poll(
        context -> {
          var found = context.getSingleConsumerRecord();
          var request =
              HttpRequest.newBuilder(url)
                  .header("Content-Type", "application/json")
                  .header(
                      "Idempotency-Key",
                      IdempotencyKey.of(found.topic(), found.partition(), found.offset()))
                  .POST(BodyPublishers.ofByteArray(bodies.of(found.value())))
                  .build();
          try {
            var answer = client.send(request, BodyHandlers.discarding());
            if (answer.statusCode() >= 300) {
              throw new IllegalStateException("answered " + answer.statusCode());
            }
          } catch (IOException error) {
            throw new IllegalStateException(error);
          } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(error);
          }
        });
  }
}
