//! One thing to know about a result, and what to do about it.

use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Remark {
    /// True when the result must not be relied upon because of it.
    pub serious: bool,
    /// What is so, one sentence without a full stop.
    pub text: String,
    /// What to do next; `None` when nothing can be done.
    pub advice: Option<String>,
}

impl Remark {
    /// The result can be used, with this in mind.
    pub fn note(text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { serious: false, text: text.into(), advice: Some(advice.into()) }
    }

    /// The result must not be relied upon.
    pub fn warning(text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { serious: true, text: text.into(), advice: Some(advice.into()) }
    }
}
