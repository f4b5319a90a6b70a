//! What the pipeline thread holds of the studio: its wishes go in, its state comes out.

use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use crossbeam_channel::{Sender, unbounded};

use super::keeper::{Keeper, Say, Wish};
use super::library::SharedModel;
use super::{JobId, Studio, StudioCommand, work};
use crate::engine::NoticeLevel;

/// The studio's threads; they start with the first wish, so that somebody who only listens to radios pays nothing.
#[derive(Default)]
pub struct Handle {
    running: Option<Running>,
    model: SharedModel,
    published: Arc<ArcSwap<Studio>>,
}

struct Running {
    wishes: Sender<Wish>,
    keeper: JoinHandle<()>,
    worker: JoinHandle<()>,
}

impl Handle {
    /// `say` is called from the studio's thread with messages, or with `None` when only its state has changed.
    pub fn send(
        &mut self,
        command: StudioCommand,
        say: impl Fn(Option<(NoticeLevel, String)>) + Send + 'static,
    ) -> std::io::Result<()> {
        if self.running.is_none() {
            self.running = Some(start(Arc::clone(&self.published), self.model.clone(), Box::new(say))?);
        }
        self.wish(Wish::Do(command));
        Ok(())
    }

    pub fn cancel(&self, job: JobId) {
        self.wish(Wish::Cancel(job));
    }

    fn wish(&self, wish: Wish) {
        if let Some(running) = &self.running {
            // A studio that has ended says so in its last message.
            running.wishes.send(wish).ok();
        }
    }

    /// The body model, read once for all who need it.
    pub fn model(&self) -> SharedModel {
        self.model.clone()
    }

    pub fn studio(&self) -> Arc<Studio> {
        self.published.load_full()
    }

    /// Cancels what runs and waits for the threads.
    pub fn shut_down(&mut self) {
        let Some(Running { wishes, keeper, worker }) = self.running.take() else { return };
        drop(wishes);
        keeper.join().ok(); // nobody is left to hear of a panic
        worker.join().ok();
    }
}

fn start(published: Arc<ArcSwap<Studio>>, model: SharedModel, say: Say) -> std::io::Result<Running> {
    let (wishes, wishes_received) = unbounded();
    let (orders, orders_received) = unbounded();
    let (news, news_received) = unbounded();
    let keeper = Keeper::new(model.clone(), orders, published, say);
    let worker = std::thread::Builder::new()
        .name("studio work".into())
        .spawn(move || work::Worker::new(model, news).run(&orders_received))?;
    let keeper = std::thread::Builder::new()
        .name("studio".into())
        .spawn(move || keeper.run(&wishes_received, &news_received))?;
    Ok(Running { wishes, keeper, worker })
}
