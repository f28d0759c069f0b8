package millrace.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;

/** Makes the request's body of a record's value: the datum behind Confluent's frame, as JSON, field by field. */
final class EventBody {
  /** A zero and the schema's id stand before the datum. */
  private static final int FRAME_BYTES = 5;

  private static final JsonFactory JSON = new JsonFactory();

  private final GenericDatumReader<GenericRecord> reader;

  EventBody(Path schemaFile) throws IOException {
    Schema schema = new Schema.Parser().parse(Files.readString(schemaFile));
    reader = new GenericDatumReader<>(schema);
  }

  byte[] of(byte[] value) {
    try {
      var decoder =
          DecoderFactory.get()
              .binaryDecoder(value, FRAME_BYTES, value.length - FRAME_BYTES, null);
      GenericRecord event = reader.read(null, decoder);
      var bytes = new ByteArrayOutputStream(1_024);
      try (JsonGenerator json = JSON.createGenerator(bytes)) {
        json.writeStartObject();
        json.writeStringField("userId", event.get("userId").toString());
        json.writeNumberField("sequence", (Long) event.get("sequence"));
        json.writeNumberField("number", (Long) event.get("number"));
        json.writeNumberField("dueAt", (Long) event.get("dueAt"));
        json.writeStringField("note", event.get("note").toString());
        json.writeEndObject();
      }
      return bytes.toByteArray();
    } catch (IOException error) {
      throw new IllegalStateException("not an event of the benchmark", error);
    }
  }
}
