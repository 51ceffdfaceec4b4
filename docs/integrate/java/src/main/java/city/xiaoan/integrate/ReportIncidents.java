package city.xiaoan.integrate;

import com.google.protobuf.Timestamp;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import xiaoan.port.v1.IncidentCommands.ReportIncidentRequest;
import xiaoan.port.v1.IncidentCommands.ReportIncidentResponse;
import xiaoan.port.v1.IncidentServiceGrpc;
import xiaoan.port.v1.IncidentServiceGrpc.IncidentServiceBlockingStub;
import xiaoan.port.v1.Intake.GetIntakeRequest;
import xiaoan.port.v1.Intake.SystemIncident;
import xiaoan.port.v1.Intake.SystemRecord;
import xiaoan.port.v1.IntakeServiceGrpc;
import xiaoan.port.v1.Port.IncidentKind;

/**
 * Reports incidents to the port police: one by a command, as a person's program does it, and a machine's records through the
 * intake, which is cut off in the middle. Addresses and tokens come from the environment (README.md).
 */
public final class ReportIncidents {
  /** One try. Whoever waits for longer than a person would, waits for nothing. */
  private static final long DEADLINE_SECONDS = 5;
  /** All tries of one command together. */
  private static final long PATIENCE_MILLIS = 60_000;

  private static final String UNIT = env("XIAOAN_UNIT", "371190010000");

  public static void main(String[] arguments) throws Exception {
    String record = arguments.length > 0 ? arguments[0] : "gate-3-0017";
    ManagedChannel channel = channel(env("XIAOAN_PORT_URL", null));
    try {
      IncidentServiceBlockingStub incidents =
          authorised(IncidentServiceGrpc.newBlockingStub(channel), env("XIAOAN_TOKEN", null));
      command(incidents, record);

      IntakeServiceGrpc.IntakeServiceStub intake =
          authorised(IntakeServiceGrpc.newStub(channel), env("XIAOAN_SYSTEM_TOKEN", null));
      List<SystemRecord> kept = LongStream.rangeClosed(1, 5).mapToObj(ReportIncidents::record).toList();
      Outbox outbox = new Outbox(intake, kept);
      outbox.deliver(2); // Here the line is cut …
      outbox.deliver(5); // … and this goes on behind what was taken.

      var asked = authorised(IntakeServiceGrpc.newBlockingStub(channel), env("XIAOAN_SYSTEM_TOKEN", null));
      var state = asked.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS).getIntake(GetIntakeRequest.getDefaultInstance());
      System.out.printf("%s: %d taken, %d refused%n", state.getSystemId(), state.getLastSequence(), state.getRefused());
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private static void command(IncidentServiceBlockingStub incidents, String record) throws Exception {
    ReportIncidentRequest request = incident(record);
    ReportIncidentResponse reported = report(incidents, request);
    System.out.printf(
        "reported %s at position %d%n", reported.getIncidentId(), reported.getReceipt().getPosition());
    ReportIncidentResponse again = report(incidents, request);
    System.out.printf("sent again: %s, replayed %b%n", again.getIncidentId(), again.getReceipt().getReplayed());
    try {
      report(incidents, request.toBuilder().setRequestId(UUID.randomUUID().toString()).setOrgUnit("371199999999").build());
    } catch (Refused no) {
      System.out.printf("an unknown unit: %s %s %s%n", no.code, no.reason, no.sentences.get("zh-CN"));
    }
  }

  /** Sends a command until it is answered, always with the same request_id, so that it happens once however often it is sent. */
  private static ReportIncidentResponse report(IncidentServiceBlockingStub incidents, ReportIncidentRequest request)
      throws Exception {
    long until = System.currentTimeMillis() + PATIENCE_MILLIS;
    for (long pause = 100; ; pause = Math.min(pause * 2, 5_000)) {
      try {
        return incidents.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS).reportIncident(request);
      } catch (io.grpc.StatusRuntimeException error) {
        Refused no = Refused.of(error);
        if (!no.tryAgain() || System.currentTimeMillis() > until) {
          throw no;
        }
        Thread.sleep(Math.max(pause, no.retryAfterMillis));
      }
    }
  }

  /**
   * The request_id follows from the record in the caller's own system: when that sends it again tomorrow, after a crash, it is
   * still the same command.
   */
  private static ReportIncidentRequest incident(String record) {
    byte[] name = ("https://records.example/" + record).getBytes(StandardCharsets.UTF_8);
    return ReportIncidentRequest.newBuilder()
        .setRequestId(UUID.nameUUIDFromBytes(name).toString())
        .setOrgUnit(UNIT)
        .setKind(IncidentKind.INCIDENT_KIND_CONGESTION)
        .setReportedAt(at("2026-06-10T08:15:00+08:00"))
        .setPlace("gate 3")
        .setDescription("queue of trucks as far as the ring road")
        .build();
  }

  /** A record of a machine; it keeps each until the number is acknowledged. */
  private static SystemRecord record(long sequence) {
    SystemIncident incident =
        SystemIncident.newBuilder()
            .setKind(IncidentKind.INCIDENT_KIND_CONGESTION)
            .setReportedAt(at("2026-06-10T09:0" + sequence + ":00+08:00"))
            .setPlace("gate " + sequence)
            .setDescription("more than 40 trucks waiting")
            .build();
    return SystemRecord.newBuilder()
        .setSequence(sequence)
        .setRecordId("Q-" + sequence)
        .setOrgUnit(UNIT)
        .setIncident(incident)
        .build();
  }

  private static Timestamp at(String text) {
    return Timestamp.newBuilder().setSeconds(OffsetDateTime.parse(text).toEpochSecond()).build();
  }

  /** A channel to "http://host:port", or with TLS to "https://host:port". */
  private static ManagedChannel channel(String url) {
    URI address = URI.create(url);
    boolean tls = "https".equals(address.getScheme());
    ChannelCredentials credentials = tls ? TlsChannelCredentials.create() : InsecureChannelCredentials.create();
    return Grpc.newChannelBuilder(address.getAuthority(), credentials)
        .keepAliveTime(30, TimeUnit.SECONDS) // a line that died without a word is noticed
        .build();
  }

  private static <S extends AbstractStub<S>> S authorised(S stub, String token) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static String env(String name, String otherwise) {
    String value = System.getenv().getOrDefault(name, otherwise);
    if (value == null) {
      throw new IllegalStateException(name + " is not set, see README.md");
    }
    return value;
  }

  private ReportIncidents() {}
}
