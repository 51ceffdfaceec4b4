package city.xiaoan.integrate;

import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import xiaoan.port.v1.Intake.Opening;
import xiaoan.port.v1.Intake.RefusedRecord;
import xiaoan.port.v1.Intake.SystemRecord;
import xiaoan.port.v1.Intake.Taken;
import xiaoan.port.v1.Intake.TakeRecordsRequest;
import xiaoan.port.v1.Intake.TakeRecordsResponse;
import xiaoan.port.v1.IntakeServiceGrpc.IntakeServiceStub;

/** The records of a machine, numbered 1, 2, 3 …, sent in order; whatever cuts the line, the rest is sent, and nothing twice. */
final class Outbox {
  /** A line that says nothing for so long is given up and opened again. */
  private static final long SILENCE_SECONDS = 20;

  private final IntakeServiceStub intake;
  private final List<SystemRecord> records;

  Outbox(IntakeServiceStub intake, List<SystemRecord> records) {
    this.intake = intake;
    this.records = records;
  }

  /** Sends records until that number is durably taken, opening as many lines as that needs; then cuts the last one. */
  void deliver(long wanted) throws Exception {
    for (long pause = 100; ; pause = Math.min(pause * 2, 5_000)) {
      try {
        deliverOnOneLine(wanted);
        return;
      } catch (Refused no) {
        if (!no.tryAgain()) {
          throw no;
        }
        System.out.printf("line lost (%s), going on%n", no.code);
        Thread.sleep(Math.max(pause, no.retryAfterMillis));
      }
    }
  }

  private void deliverOnOneLine(long wanted) throws Exception {
    BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    Context.CancellableContext line = Context.current().withCancellation();
    try {
      StreamObserver<TakeRecordsRequest> requests = line.call(() -> intake.takeRecords(into(heard)));
      Opening opening = Opening.newBuilder().setSoftware("gate counter 1.0").build();
      requests.onNext(TakeRecordsRequest.newBuilder().setOpening(opening).build());
      long taken = next(heard).getOpened().getLastSequence();
      System.out.printf("opened: %d taken so far%n", taken);
      for (SystemRecord record : records) {
        if (record.getSequence() > taken && record.getSequence() <= wanted) {
          requests.onNext(TakeRecordsRequest.newBuilder().setRecord(record).build());
        }
      }
      while (taken < wanted) {
        Taken more = next(heard).getTaken();
        taken = more.getLastSequence();
        System.out.printf("taken up to %d%n", taken);
        for (RefusedRecord refused : more.getRefusedList()) {
          System.out.printf("refused: %d %s%n", refused.getSequence(), refused.getFindingsList());
        }
      }
    } finally {
      line.cancel(null);
    }
  }

  /** The next answer, or what has ended the line. */
  private static TakeRecordsResponse next(BlockingQueue<Object> heard) throws Exception {
    Object answer = heard.poll(SILENCE_SECONDS, TimeUnit.SECONDS);
    if (answer instanceof TakeRecordsResponse response) {
      return response;
    }
    Throwable ended = answer instanceof Throwable error ? error : io.grpc.Status.UNAVAILABLE.asRuntimeException();
    throw Refused.of(ended);
  }

  private static StreamObserver<TakeRecordsResponse> into(BlockingQueue<Object> heard) {
    return new StreamObserver<>() {
      @Override
      public void onNext(TakeRecordsResponse response) {
        heard.add(response);
      }

      @Override
      public void onError(Throwable error) {
        heard.add(error);
      }

      @Override
      public void onCompleted() {
        heard.add(io.grpc.Status.UNAVAILABLE.withDescription("the service has closed the line").asRuntimeException());
      }
    };
  }
}
