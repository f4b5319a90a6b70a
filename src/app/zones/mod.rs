//! Zones: drawing them on the floor with the pointer, moving their corners, a list to name and limit them, and undo.
//!
//! A zone is part of the site: every edit makes a site anew and asks the engine to take it.

mod corners;
mod draft;
mod list;

use crate::types::{Outline, Site, Zone, ZoneId, ZoneKind, ZoneLimits};

pub use corners::{add_moving, corners_ui, drag};
pub use draft::{add_draft, draft_ui, note_ui, pointer};
pub use list::zones_ui;

/// Edits that can be taken back.
const MAX_UNDO: usize = 100;

/// What of a zone was edited: a run of edits of one thing is taken back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edited {
    Name(ZoneId),
    Kind(ZoneId),
    Limits(ZoneId),
}

#[derive(Default)]
pub struct State {
    /// The corners so far, metres, while a zone is drawn.
    draft: Option<draft::Draft>,
    /// A corner of the selected zone in the hand.
    moving: Option<corners::Moving>,
    pub selected: Option<ZoneId>,
    undo: Vec<Vec<Zone>>,
    redo: Vec<Vec<Zone>>,
    last: Option<Edited>,
    /// What is being typed.
    name: Option<(ZoneId, String)>,
    /// The engine's run that the edits are of.
    run: Option<u64>,
}

impl State {
    pub fn is_drawing(&self) -> bool {
        self.draft.is_some()
    }

    /// Whether the pointer holds a corner and turns nothing.
    pub fn is_moving(&self) -> bool {
        self.moving.is_some()
    }

    /// Begins to draw, or gives up what has been drawn.
    pub fn toggle_drawing(&mut self) {
        self.draft = if self.draft.is_some() { None } else { Some(draft::Draft::default()) };
    }

    /// Whether there was something to give up.
    pub fn cancel(&mut self) -> bool {
        self.draft.take().is_some() || self.moving.take().is_some()
    }

    pub fn take_corner_back(&mut self) {
        if let Some(draft) = &mut self.draft {
            draft.take_back();
        }
    }

    /// Closes the outline; the site with the new zone, where it is one.
    pub fn close(&mut self, site: &Site) -> Option<Site> {
        let outline = self.draft.as_mut()?.outline()?;
        Some(self.add(site, outline))
    }

    fn add(&mut self, site: &Site, outline: Outline) -> Site {
        self.draft = None;
        let id = site.free_zone_id();
        let zone = Zone {
            id,
            name: format!("Zone {}", id.0),
            outline,
            kind: ZoneKind::Ordinary,
            limits: ZoneLimits::default(),
        };
        self.selected = Some(id);
        self.edited(site, None, |zones| zones.push(zone))
    }

    fn remove(&mut self, site: &Site, id: ZoneId) -> Site {
        self.edited(site, None, |zones| zones.retain(|zone| zone.id != id))
    }

    /// The site after an edit, which can be taken back.
    fn edited(&mut self, site: &Site, what: Option<Edited>, edit: impl FnOnce(&mut Vec<Zone>)) -> Site {
        if what.is_none() || self.last != what {
            self.undo.push(site.zones.clone());
            if self.undo.len() > MAX_UNDO {
                self.undo.remove(0);
            }
        }
        self.redo.clear();
        self.last = what;
        let mut site = site.clone();
        edit(&mut site.zones);
        site
    }

    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    pub fn undo(&mut self, site: &Site) -> Option<Site> {
        let before = self.undo.pop()?;
        self.redo.push(site.zones.clone());
        self.last = None;
        Some(Site { zones: before, ..site.clone() })
    }

    pub fn redo(&mut self, site: &Site) -> Option<Site> {
        let after = self.redo.pop()?;
        self.undo.push(site.zones.clone());
        self.last = None;
        Some(Site { zones: after, ..site.clone() })
    }

    /// Whether another run has begun. Its site may have other zones: edits of the old ones cannot be
    /// taken back there.
    pub fn begin_run(&mut self, run: u64) -> bool {
        let is_new = self.run != Some(run);
        if is_new {
            *self = Self { run: Some(run), ..Self::default() };
        }
        is_new
    }
}
