package city.xiaoan.integrate;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.LocalizedMessage;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The service said no. The reason is stable and made to be compared; the sentences are made to be shown. */
final class Refused extends Exception {
  /** The outcome is unknown or it was too much at once: the same request again. Anything else is an answer. */
  private static final Set<Status.Code> AGAIN =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED, Status.Code.RESOURCE_EXHAUSTED);

  final Status.Code code;
  final String reason;
  final Map<String, String> metadata;
  final Map<String, String> sentences;
  /** Pause that the service asks for before the next try, in milliseconds; 0 = it does not say. */
  final long retryAfterMillis;

  private Refused(
      Throwable error, String reason, Map<String, String> metadata, Map<String, String> sentences, long retryAfter) {
    super(error.getMessage(), error);
    this.code = Status.fromThrowable(error).getCode();
    this.reason = reason;
    this.metadata = metadata;
    this.sentences = sentences;
    this.retryAfterMillis = retryAfter;
  }

  static Refused of(Throwable error) throws InvalidProtocolBufferException {
    String reason = "";
    Map<String, String> metadata = Map.of();
    Map<String, String> sentences = new HashMap<>();
    long retryAfter = 0;
    com.google.rpc.Status status = StatusProto.fromThrowable(error);
    for (Any detail : status == null ? List.<Any>of() : status.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        ErrorInfo info = detail.unpack(ErrorInfo.class);
        reason = info.getReason();
        metadata = info.getMetadataMap();
      } else if (detail.is(LocalizedMessage.class)) {
        LocalizedMessage words = detail.unpack(LocalizedMessage.class);
        sentences.put(words.getLocale(), words.getMessage());
      } else if (detail.is(RetryInfo.class)) {
        Duration pause = detail.unpack(RetryInfo.class).getRetryDelay();
        retryAfter = pause.getSeconds() * 1_000 + pause.getNanos() / 1_000_000;
      }
    }
    return new Refused(error, reason, metadata, sentences, retryAfter);
  }

  boolean tryAgain() {
    return AGAIN.contains(code);
  }
}
