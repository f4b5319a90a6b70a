//! The thread of the open recordings: merges them by time and plays them at any speed, with jumps, steps and loops.
//!
//! A jump resets the pipeline and replays the seconds before the target at full speed, so that the plots around the
//! new place are filled. Frames are never dropped: when the pipeline is busy, the player waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::PlaybackView;
use super::feed::{Feed, Item, TimedFrame};
use crate::capture::Error;
use crate::capture::source::file::{FileReader, Stamped};
use crate::types::{SourceState, Span, Timestamp};

/// What is replayed before the target of a jump, so that a 10 s window is full when it shows.
const PREROLL_SECS: f64 = 12.0;
/// A preroll of more frames than this would be felt as a delay (about 0.2 s of pipeline time).
const MAX_PREROLL_FRAMES: f64 = 6_000.0;
/// A small move forwards is played through instead of jumped over.
const FAST_FORWARD_SECS: f64 = 3.0;
/// A longer silence, or the time between two recordings that are open together, is passed over.
const LONGEST_PLAYED_GAP_SECS: f64 = 10.0;
/// Frame times remembered for stepping back.
const N_REMEMBERED: usize = 4_096;
/// How long to wait for a busy pipeline, or for a file to grow.
const WAIT: Duration = Duration::from_millis(2);
const FOLLOW_WAIT: Duration = Duration::from_millis(50);
/// The longest sleep between two looks at the stop flag.
const LONGEST_SLEEP: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlayerCommand {
    Play,
    Pause,
    TogglePlay,
    Seek(Timestamp),
    SeekBy { nanos: i64 },
    StepFrames(i32),
    SetSpeed(f32),
    SetLoop(Option<Span>),
    End,
}

/// The player's view of itself, shared with the pipeline, which publishes it.
#[derive(Clone)]
pub struct SharedView(Arc<Mutex<PlaybackView>>);

impl SharedView {
    pub fn new(view: PlaybackView) -> Self {
        Self(Arc::new(Mutex::new(view)))
    }

    pub fn lock(&self) -> MutexGuard<'_, PlaybackView> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open file: its reader, the frame that comes next and where its frames go.
pub struct Track {
    pub reader: FileReader,
    pub feed: Arc<Feed>,
    pub next: Option<Stamped>,
    pub finished: bool,
}

impl Track {
    fn fill(&mut self, follow: bool) -> Result<(), Error> {
        if self.next.is_none() {
            self.next = self.reader.next_frame()?;
        }
        if self.next.is_none() && !follow && !self.finished {
            self.next = self.reader.finish();
            self.finished = self.next.is_none();
        }
        Ok(())
    }
}

pub struct Player {
    pub tracks: Vec<Track>,
    pub view: SharedView,
    pub control: Receiver<PlayerCommand>,
    pub follow: bool,
    recent: VecDeque<Timestamp>,
    /// The wall clock and the recording's clock at the moment playing (re)started.
    anchor: (Instant, Timestamp),
}

impl Player {
    pub fn new(tracks: Vec<Track>, view: SharedView, control: Receiver<PlayerCommand>, follow: bool) -> Self {
        Self { tracks, view, control, follow, recent: VecDeque::new(), anchor: (Instant::now(), Timestamp::ZERO) }
    }

    /// Plays until every feed is stopped.
    pub fn run(mut self) {
        for track in &self.tracks {
            track.feed.set_state(SourceState::Running);
        }
        self.fill();
        if let Some(first) = self.next_time() {
            self.view.lock().position = first;
        }
        self.reanchor();
        while !self.tracks.iter().all(|track| track.feed.is_stopped()) {
            let wait = self.advance();
            match self.control.recv_timeout(wait.min(LONGEST_SLEEP)) {
                Ok(mut command) => {
                    // A drag along the timeline sends a jump for every move of the pointer: only the last one counts.
                    while let PlayerCommand::Seek(_) = command
                        && let Ok(next) = self.control.try_recv()
                    {
                        if !matches!(next, PlayerCommand::Seek(_)) {
                            self.obey(command);
                        }
                        command = next;
                    }
                    self.obey(command);
                    self.publish();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Emits what is due and says how long nothing will be.
    fn advance(&mut self) -> Duration {
        let (playing, speed, looping) = {
            let view = self.view.lock();
            (view.playing, view.speed, view.looping)
        };
        if !playing {
            return LONGEST_SLEEP;
        }
        let until = Instant::now() + LONGEST_SLEEP;
        loop {
            self.fill();
            let Some(next) = self.next_time() else { return self.at_end() };
            if let Some(span) = looping
                && next > span.end
            {
                self.jump(span.start);
                return Duration::ZERO;
            }
            let position = self.view.lock().position;
            if next.secs_since(position) > LONGEST_PLAYED_GAP_SECS {
                self.view.lock().position = next;
                self.reanchor();
            }
            let due_in_secs = if speed.is_finite() {
                next.secs_since(self.anchor.1) / f64::from(speed) - self.anchor.0.elapsed().as_secs_f64()
            } else {
                0.0
            };
            if due_in_secs > 0.0 {
                self.publish();
                return Duration::from_secs_f64(due_in_secs.min(1.0));
            }
            if !self.emit_next() || Instant::now() >= until {
                self.publish();
                return Duration::ZERO;
            }
        }
    }

    /// All has been played: loops when the loop reaches the end, waits for a growing file, else stops there.
    fn at_end(&mut self) -> Duration {
        let looping = self.view.lock().looping;
        if let Some(span) = looping {
            self.jump(span.start);
            return Duration::ZERO;
        }
        if self.follow {
            self.reanchor();
            self.publish();
            return FOLLOW_WAIT;
        }
        {
            let mut view = self.view.lock();
            view.playing = false;
            view.at_end = true;
        }
        self.publish();
        Duration::ZERO
    }

    fn obey(&mut self, command: PlayerCommand) {
        let (position, playing, at_end, span) = {
            let view = self.view.lock();
            (view.position, view.playing, view.at_end, view.span)
        };
        match command {
            PlayerCommand::TogglePlay if playing => self.view.lock().playing = false,
            PlayerCommand::Pause => self.view.lock().playing = false,
            PlayerCommand::Play | PlayerCommand::TogglePlay => {
                if at_end {
                    self.jump(span.map_or(Timestamp(i64::MIN), |span| span.start));
                }
                self.view.lock().playing = true;
            }
            PlayerCommand::Seek(time) => self.go_to(time),
            PlayerCommand::SeekBy { nanos } => self.go_to(position.plus_nanos(nanos)),
            PlayerCommand::End => {
                if let Some(span) = span {
                    self.go_to(span.end);
                }
            }
            PlayerCommand::StepFrames(n) => self.step_frames(n),
            PlayerCommand::SetSpeed(speed) => {
                self.view.lock().speed = if speed.is_nan() { 1.0 } else { speed.max(0.1) }
            }
            PlayerCommand::SetLoop(looping) => {
                self.view.lock().looping = looping;
                if let Some(span) = looping
                    && !span.contains(position)
                {
                    self.jump(span.start);
                }
            }
        }
        self.reanchor();
    }

    fn step_frames(&mut self, n: i32) {
        self.view.lock().playing = false;
        if n >= 0 {
            for _ in 0..n {
                self.fill();
                self.emit_waiting();
            }
            return;
        }
        let back = n.unsigned_abs() as usize;
        if let Some(&target) = self.recent.len().checked_sub(back + 1).and_then(|at| self.recent.get(at)) {
            self.jump(target);
        }
    }

    fn go_to(&mut self, time: Timestamp) {
        let (position, span) = {
            let view = self.view.lock();
            (view.position, view.span)
        };
        let time = span.map_or(time, |span| time.clamp(span.start, span.end));
        let ahead_secs = time.secs_since(position);
        if (0.0..=FAST_FORWARD_SECS).contains(&ahead_secs) {
            self.play_through(time);
        } else {
            self.jump(time);
        }
    }

    /// Starts again before `time` and plays up to and including it.
    fn jump(&mut self, time: Timestamp) {
        let rate_hz: f64 = self.tracks.len().max(1) as f64 * self.mean_rate_hz();
        let preroll_secs = if rate_hz > 0.0 { PREROLL_SECS.min(MAX_PREROLL_FRAMES / rate_hz) } else { PREROLL_SECS };
        let from = Timestamp(time.0.saturating_sub((preroll_secs * 1e9) as i64));
        self.recent.clear();
        for track in &mut self.tracks {
            track.next = None;
            track.finished = false;
            if let Err(error) = track.reader.seek(from) {
                track.feed.set_state(SourceState::Failed(error.to_string()));
            }
            push_waiting(&track.feed, Item::Reset);
        }
        loop {
            self.fill();
            match self.next_time() {
                Some(next) if next < from => self.skip_next(),
                _ => break,
            }
        }
        self.play_through(time);
        let mut view = self.view.lock();
        view.at_end = false;
        view.position = view.span.map_or(time, |span| time.clamp(span.start, span.end));
        drop(view);
        self.reanchor();
    }

    fn play_through(&mut self, time: Timestamp) {
        loop {
            self.fill();
            match self.next_time() {
                Some(next) if next <= time && !self.is_stopped() => self.emit_waiting(),
                _ => break,
            }
        }
        let mut view = self.view.lock();
        view.position = view.position.max(time);
    }

    fn mean_rate_hz(&self) -> f64 {
        let span = self.recent.front().zip(self.recent.back());
        let secs = span.map_or(0.0, |(first, last)| last.secs_since(*first));
        if secs > 0.0 { self.recent.len() as f64 / secs } else { 0.0 }
    }

    fn fill(&mut self) {
        for track in &mut self.tracks {
            if let Err(error) = track.fill(self.follow) {
                track.finished = true;
                track.feed.set_state(SourceState::Failed(error.to_string()));
            }
        }
    }

    fn next_track(&mut self) -> Option<&mut Track> {
        self.tracks
            .iter_mut()
            .filter(|track| track.next.is_some() && !track.feed.is_stopped())
            .min_by_key(|track| track.next.as_ref().map(|next| next.time))
    }

    fn next_time(&mut self) -> Option<Timestamp> {
        self.next_track()?.next.as_ref().map(|next| next.time)
    }

    fn skip_next(&mut self) {
        if let Some(track) = self.next_track() {
            track.next = None;
        }
    }

    /// Hands the next frame to the pipeline; `false` when the pipeline has no room for it.
    fn emit_next(&mut self) -> bool {
        let Some(track) = self.next_track() else { return true };
        let Some(Stamped { time, clock, frame }) = track.next.take() else { return true };
        let timed = TimedFrame { time, arrival: None, clock, frame: Arc::new(frame) };
        if let Err(Item::Frame(timed)) = track.feed.push_waiting(Item::Frame(timed)) {
            // The only other holder of the frame would be a recorder, and replays are not recorded.
            track.next = Some(Stamped { time, clock, frame: Arc::unwrap_or_clone(timed.frame) });
            track.feed.wake();
            return false;
        }
        if self.recent.len() == N_REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(time);
        let mut view = self.view.lock();
        view.position = time;
        true
    }

    fn emit_waiting(&mut self) {
        while !self.emit_next() {
            if self.is_stopped() {
                return;
            }
            std::thread::sleep(WAIT);
        }
    }

    fn is_stopped(&self) -> bool {
        self.tracks.iter().all(|track| track.feed.is_stopped())
    }

    fn reanchor(&mut self) {
        let position = self.view.lock().position;
        self.anchor = (Instant::now(), position);
    }

    fn publish(&self) {
        let (playing, at_end) = {
            let view = self.view.lock();
            (view.playing, view.at_end)
        };
        for track in &self.tracks {
            let mut status = track.feed.status();
            if !matches!(status.state, SourceState::Failed(_)) {
                status.state = match (playing, at_end) {
                    (true, _) => SourceState::Running,
                    (false, true) => SourceState::Ended,
                    (false, false) => SourceState::Paused,
                };
            }
            status.tally = track.reader.tally();
            status.clocks = track.reader.clocks();
            drop(status);
            track.feed.wake();
        }
    }
}

fn push_waiting(feed: &Feed, mut item: Item) {
    while let Err(back) = feed.push_waiting(item) {
        if feed.is_stopped() {
            return;
        }
        item = back;
        feed.wake();
        std::thread::sleep(WAIT);
    }
    feed.wake();
}
