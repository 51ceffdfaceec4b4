//! The commands that wait for the appender: bounded in number and bytes, and picked so that no two in a batch touch.

use crate::batch::Answer;
use crate::command::Command;
use crate::{AppendError, AppenderOptions, StoreError};
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// A command that somebody waits for.
pub(crate) struct Job {
    pub command: Command,
    pub reply: oneshot::Sender<Answer>,
    pub since: Instant,
    /// Whether it was tried on a connection that was lost.
    pub tried: bool,
    /// Hashes of its streams and its request id. A false match only makes it wait for the next batch.
    keys: Vec<u64>,
    /// Its place in the house, given back when it is answered.
    _room: [OwnedSemaphorePermit; 2],
}

/// The callers' end of the queue.
pub(crate) struct Entrance {
    jobs: mpsc::UnboundedSender<Job>,
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    hasher: RandomState,
}

/// A queue with room for what the options say. The channel itself needs no bound: whoever enters holds permits.
pub(crate) fn queue(options: &AppenderOptions) -> (Entrance, mpsc::UnboundedReceiver<Job>) {
    let (jobs, exit) = mpsc::unbounded_channel();
    let room = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
    let (places, bytes) = (room(options.queue), room(options.queue_bytes));
    (Entrance { jobs, places, bytes, hasher: RandomState::new() }, exit)
}

impl Entrance {
    /// Whether anybody is there to take commands.
    pub fn is_open(&self) -> bool {
        !self.jobs.is_closed()
    }

    /// Takes a command in, or refuses it at once when the house is full.
    pub fn enter(&self, command: Command) -> Result<oneshot::Receiver<Answer>, AppendError> {
        let bytes = u32::try_from(command.bytes).unwrap_or(u32::MAX);
        let full = |_| AppendError::Overloaded;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(full)?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(full)?;
        let streams = command.append.writes.iter().map(|write| self.hasher.hash_one(write.stream.as_str()));
        let request = command.append.request.iter().map(|request| self.hasher.hash_one(request.id));
        let keys = streams.chain(request).collect();
        let (reply, answer) = oneshot::channel();
        let job = Job { command, reply, since: Instant::now(), tried: false, keys, _room: [place, bytes] };
        self.jobs.send(job).map_err(|_| StoreError::Closed)?;
        Ok(answer)
    }
}

/// Takes the next batch out of `waiting`: in order, within the bounds, no stream and no request id twice. What touches
/// something before it waits for the next batch, and whatever touches *that* waits behind it.
pub(crate) fn next_batch(waiting: &mut VecDeque<Job>, options: &AppenderOptions) -> Vec<Job> {
    let mut batch = Vec::with_capacity(waiting.len().min(options.batch));
    let mut later = VecDeque::new();
    let mut taken = HashSet::with_capacity(batch.capacity() * 2);
    let mut bytes = 0;
    while let Some(job) = waiting.pop_front() {
        if job.reply.is_closed() {
            continue; // whoever waited has gone, for instance because of a deadline
        }
        let fits = batch.is_empty()
            || (batch.len() < options.batch && bytes + job.command.bytes <= options.batch_bytes);
        if !fits {
            waiting.push_front(job);
            break;
        }
        let touches = job.keys.iter().any(|key| taken.contains(key));
        taken.extend(job.keys.iter().copied());
        if touches {
            later.push_back(job);
        } else {
            bytes += job.command.bytes;
            batch.push(job);
        }
    }
    later.append(waiting);
    *waiting = later;
    batch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Append, RequestKey, StreamWrite};
    use xiaoan_kernel::{RequestId, StreamId};

    fn command(streams: &[&str], request: Option<RequestId>) -> Command {
        let writes = streams
            .iter()
            .map(|name| StreamWrite {
                stream: StreamId::new("test", name),
                expected_version: 0,
                events: Vec::new(),
            })
            .collect();
        let request = request.map(|id| RequestKey { id, digest: [0; 32] });
        let append = Append {
            request,
            response: Vec::new(),
            writes,
            actor: String::new(),
            traceparent: String::new(),
        };
        Command::new(append).expect("valid")
    }

    struct House {
        entrance: Entrance,
        exit: mpsc::UnboundedReceiver<Job>,
        options: AppenderOptions,
        answers: Vec<oneshot::Receiver<Answer>>,
    }

    impl House {
        fn new(options: AppenderOptions) -> Self {
            let (entrance, exit) = queue(&options);
            Self { entrance, exit, options, answers: Vec::new() }
        }
        fn enter(&mut self, streams: &[&str], request: Option<RequestId>) -> Result<(), AppendError> {
            self.answers.push(self.entrance.enter(command(streams, request))?);
            Ok(())
        }
        fn batches(&mut self) -> Vec<Vec<String>> {
            let mut waiting = VecDeque::new();
            while let Ok(job) = self.exit.try_recv() {
                waiting.push_back(job);
            }
            let name = |job: &Job| job.command.append.writes[0].stream.parts().1.to_owned();
            let mut batches = Vec::new();
            while !waiting.is_empty() {
                batches.push(next_batch(&mut waiting, &self.options).iter().map(name).collect());
            }
            batches
        }
    }

    #[test]
    fn commands_on_one_stream_go_into_batches_one_after_the_other() {
        let mut house = House::new(AppenderOptions::default());
        for streams in [&["a"][..], &["b"], &["a"], &["c"], &["a", "d"], &["d"], &["e"]] {
            house.enter(streams, None).expect("room");
        }
        // The second "a" waits, the third waits for it, and "d" waits for the third, which came first.
        assert_eq!(house.batches(), [vec!["a", "b", "c", "e"], vec!["a"], vec!["a"], vec!["d"]]);
    }

    #[test]
    fn the_same_request_twice_goes_into_two_batches() {
        let mut house = House::new(AppenderOptions::default());
        let id = RequestId::fresh();
        house.enter(&["a"], Some(id)).expect("room");
        house.enter(&["b"], Some(id)).expect("room");
        assert_eq!(house.batches(), [["a"], ["b"]]);
    }

    #[test]
    fn a_batch_is_bounded_by_count_and_by_bytes() {
        let mut house = House::new(AppenderOptions { batch: 2, ..AppenderOptions::default() });
        for name in ["a", "b", "c"] {
            house.enter(&[name], None).expect("room");
        }
        assert_eq!(house.batches(), [vec!["a", "b"], vec!["c"]]);

        let mut house = House::new(AppenderOptions { batch_bytes: 1, ..AppenderOptions::default() });
        for name in ["a", "b"] {
            house.enter(&[name], None).expect("room");
        }
        assert_eq!(house.batches(), [["a"], ["b"]], "what is too large for any batch goes alone");
    }

    #[test]
    fn a_full_house_refuses_and_has_room_again_after_an_answer() {
        let mut house = House::new(AppenderOptions { queue: 2, ..AppenderOptions::default() });
        house.enter(&["a"], None).expect("room");
        house.enter(&["b"], None).expect("room");
        assert!(matches!(house.enter(&["c"], None), Err(AppendError::Overloaded)));
        drop(house.exit.try_recv());
        house.enter(&["c"], None).expect("room again");

        let mut house = House::new(AppenderOptions { queue_bytes: 600, ..AppenderOptions::default() });
        house.enter(&["a"], None).expect("room");
        assert!(matches!(house.enter(&["b"], None), Err(AppendError::Overloaded)), "bytes count as well");
    }

    #[test]
    fn nobody_writes_for_a_caller_who_has_gone() {
        let mut house = House::new(AppenderOptions::default());
        house.enter(&["a"], None).expect("room");
        house.enter(&["b"], None).expect("room");
        house.answers.remove(0);
        assert_eq!(house.batches(), [["b"]]);
    }
}
