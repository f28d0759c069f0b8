package millrace.bench;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The key of a record's call: a hash of where it stands. */
final class IdempotencyKey {
  private static final int BYTES = 16;

  private IdempotencyKey() {}

  static String of(String topic, int partition, long offset) {
    try {
      byte[] place =
          (topic + "/" + partition + "/" + offset).getBytes(StandardCharsets.UTF_8);
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(place);
      return HexFormat.of().formatHex(hash, 0, BYTES);
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }
}
