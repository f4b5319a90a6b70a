//! Undo and redo: whole states of what a user can change, which are cheap because everything in them is shared.

/// States kept; the oldest ones are given up first.
const MAX_STEPS: usize = 100;

/// The states before and after the present one, each with the name of the step that leads away from it.
#[derive(Debug)]
pub struct History<S> {
    past: Vec<(String, S)>,
    future: Vec<(String, S)>,
}

impl<S> Default for History<S> {
    fn default() -> Self {
        Self { past: Vec::new(), future: Vec::new() }
    }
}

impl<S> History<S> {
    /// Remembers the state before a step. What had been undone is gone then.
    pub fn step(&mut self, name: impl Into<String>, before: S) {
        if self.past.len() == MAX_STEPS {
            self.past.remove(0);
        }
        self.past.push((name.into(), before));
        self.future.clear();
    }

    /// The state before the last step; `present` is kept for redo.
    pub fn undo(&mut self, present: S) -> Result<S, S> {
        let Some((name, before)) = self.past.pop() else { return Err(present) };
        self.future.push((name, present));
        Ok(before)
    }

    /// The state after the step that was undone last.
    pub fn redo(&mut self, present: S) -> Result<S, S> {
        let Some((name, after)) = self.future.pop() else { return Err(present) };
        self.past.push((name, present));
        Ok(after)
    }

    pub fn undo_name(&self) -> Option<&str> {
        self.past.last().map(|(name, _)| name.as_str())
    }

    pub fn redo_name(&self) -> Option<&str> {
        self.future.last().map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_undone_and_done_again_in_order_until_something_new_is_done() {
        let mut history = History::default();
        assert_eq!(history.undo(0), Err(0));
        history.step("a", 0);
        history.step("b", 1);
        assert_eq!(history.undo_name(), Some("b"));
        assert_eq!(history.undo(2), Ok(1));
        assert_eq!(history.undo(1), Ok(0));
        assert_eq!(history.redo_name(), Some("a"));
        assert_eq!(history.redo(0), Ok(1));
        history.step("c", 1);
        assert_eq!(history.redo(9), Err(9));
        assert_eq!(history.undo(9), Ok(1));
    }
}
