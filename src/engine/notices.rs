//! Messages for people: shown as toasts, kept as a log.

use std::sync::Arc;

use super::{Notice, NoticeLevel};

/// Messages kept; older ones have been on screen.
const MAX_NOTICES: usize = 200;

#[derive(Default)]
pub struct Notices {
    list: Arc<Vec<Notice>>,
    n_ever: u64,
}

impl Notices {
    pub fn add(&mut self, level: NoticeLevel, text: impl Into<String>) {
        self.n_ever += 1;
        let list = Arc::make_mut(&mut self.list);
        if list.len() >= MAX_NOTICES {
            list.remove(0);
        }
        list.push(Notice { number: self.n_ever, level, text: text.into() });
    }

    pub fn list(&self) -> Arc<Vec<Notice>> {
        Arc::clone(&self.list)
    }
}
