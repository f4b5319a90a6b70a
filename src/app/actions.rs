//! The one table of everything a person can do: name, tooltip, key and whether it can be done now.
//!
//! Menu, palette, shortcuts, buttons and the keys window all read it, so an action has one name everywhere. What an
//! action does is decided in [`super::App`]: it becomes an engine [`crate::engine::Command`] or changes the window.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::figures::{Colouring, Figure};
use super::layout::{Pane, StartLayout};
use super::studio::{self, Show, Stance, Units};
use crate::engine::Snapshot;
use crate::engine::studio::{BodyId, BodyOrigin, PhotoId};
use crate::types::{EventId, EventVerdict};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    Open,
    OpenDemo,
    AddSource,
    CloseAll,
    Record,
    LearnQuiet,
    Screenshot,
    Quit,
    TogglePlay,
    /// Moves the playhead by milliseconds.
    SeekByMillis(i32),
    StepFrames(i32),
    GoToStart,
    FollowLive,
    Speed(u8),
    Freeze,
    SelectRange,
    LoopRange,
    ClearRange,
    Focus,
    ViewFront,
    ViewSide,
    ViewTop,
    ViewHome,
    /// How people are drawn, and what the colours of bodies say.
    Figure(Figure),
    Colouring(Colouring),
    ShowTruth,
    ShowZones,
    ShowHeat,
    DrawZone,
    NextLink,
    PreviousLink,
    NextEvent,
    PreviousEvent,
    Judge(EventVerdict),
    /// Marks a fall that no detector told of.
    MarkFall,
    RefitFalls,
    Palette,
    Help,
    Settings,
    ThemeDark,
    ThemeLight,
    ThemeSystem,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    Fullscreen,
    Layout(StartLayout),
    ResetLayout,
    Show(Pane),
    CopyLog,
    AddPhotos,
    PastePhoto,
    FitBody,
    /// Stops the fit or registration that is running.
    CancelWork,
    DrawBody,
    Undo,
    Redo,
    ResetBody,
    ExportBody,
    ExportSheet,
    OpenScan,
    RegisterScan,
    BatchFolder,
    ReloadModels,
    RemovePhoto,
    RemoveBody,
    Units(Units),
    ShowAs(Show),
    Stand(Stance),
    /// All bodies beside each other, or the selected one.
    Together,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    File,
    Playback,
    Events,
    Body,
    View,
    Window,
}

impl Group {
    pub const ALL: [Self; 6] = [Self::File, Self::Playback, Self::Events, Self::Body, Self::View, Self::Window];

    pub fn label(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Playback => "Playback",
            Self::Events => "Events",
            Self::Body => "Body",
            Self::View => "View",
            Self::Window => "Window",
        }
    }
}

pub struct Entry {
    pub action: Action,
    pub group: Group,
    pub name: &'static str,
    pub tip: &'static str,
    pub key: Option<KeyboardShortcut>,
    /// A second key that does the same.
    pub other_key: Option<KeyboardShortcut>,
}

const NONE: Modifiers = Modifiers::NONE;
const CTRL: Modifiers = Modifiers::COMMAND;
const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

const fn entry(action: Action, group: Group, name: &'static str, tip: &'static str) -> Entry {
    Entry { action, group, name, tip, key: None, other_key: None }
}

const fn keyed(
    action: Action,
    group: Group,
    name: &'static str,
    tip: &'static str,
    modifiers: Modifiers,
    key: Key,
) -> Entry {
    let key = Some(KeyboardShortcut::new(modifiers, key));
    Entry { action, group, name, tip, key, other_key: None }
}

/// Keys of modified arrows stand before plain ones, so that the plain ones do not take them.
#[rustfmt::skip]
pub static TABLE: &[Entry] = &[
    keyed(Action::Open, Group::File, "Open…", "Open recordings in any format, photos or scans", CTRL, Key::O),
    entry(Action::OpenDemo, Group::File, "Open simulated scene", "Start the built-in simulator: no radio needed"),
    keyed(Action::AddSource, Group::File, "Add source…", "Connect a serial port, socket, interface or simulator", CTRL, Key::N),
    entry(Action::CloseAll, Group::File, "Close all sources", "Stop and forget every source; a recording in progress ends"),
    keyed(Action::Record, Group::File, "Record", "Start or stop recording all live sources", CTRL, Key::R),
    entry(Action::LearnQuiet, Group::File, "Room is empty now", "Learn what every link is like while nobody is there, from its last ten seconds"),
    keyed(Action::Screenshot, Group::File, "Save screenshot", "Save the window as a PNG picture", CTRL_SHIFT, Key::S),
    keyed(Action::Quit, Group::File, "Quit", "Close the window", CTRL, Key::Q),

    keyed(Action::TogglePlay, Group::Playback, "Play or pause", "Play or pause the recording", NONE, Key::Space),
    keyed(Action::StepFrames(-1), Group::Playback, "Previous frame", "Step one frame back and pause", CTRL, Key::ArrowLeft),
    keyed(Action::StepFrames(1), Group::Playback, "Next frame", "Step one frame on and pause", CTRL, Key::ArrowRight),
    keyed(Action::SeekByMillis(-1000), Group::Playback, "Back 1 s", "Move the playhead one second back", SHIFT, Key::ArrowLeft),
    keyed(Action::SeekByMillis(1000), Group::Playback, "Forward 1 s", "Move the playhead one second on", SHIFT, Key::ArrowRight),
    keyed(Action::SeekByMillis(-100), Group::Playback, "Back 0.1 s", "Move the playhead a tenth of a second back", NONE, Key::ArrowLeft),
    keyed(Action::SeekByMillis(100), Group::Playback, "Forward 0.1 s", "Move the playhead a tenth of a second on", NONE, Key::ArrowRight),
    keyed(Action::GoToStart, Group::Playback, "Go to start", "Move the playhead to the first frame", NONE, Key::Home),
    keyed(Action::FollowLive, Group::Playback, "Follow newest", "Jump to the newest data and stay there", NONE, Key::End),
    keyed(Action::Speed(1), Group::Playback, "Speed 1×", "Play in real time", NONE, Key::Num1),
    keyed(Action::Speed(2), Group::Playback, "Speed 2×", "Play twice as fast", NONE, Key::Num2),
    keyed(Action::Speed(3), Group::Playback, "Speed 3×", "Play 3 times as fast", NONE, Key::Num3),
    keyed(Action::Speed(4), Group::Playback, "Speed 4×", "Play 4 times as fast", NONE, Key::Num4),
    keyed(Action::Speed(5), Group::Playback, "Speed 5×", "Play 5 times as fast", NONE, Key::Num5),
    keyed(Action::Speed(6), Group::Playback, "Speed 6×", "Play 6 times as fast", NONE, Key::Num6),
    keyed(Action::Speed(7), Group::Playback, "Speed 7×", "Play 7 times as fast", NONE, Key::Num7),
    keyed(Action::Speed(8), Group::Playback, "Speed 8×", "Play 8 times as fast", NONE, Key::Num8),
    keyed(Action::Speed(9), Group::Playback, "Speed 9×", "Play 9 times as fast", NONE, Key::Num9),
    entry(Action::SelectRange, Group::Playback, "Select range", "Drag on the timeline to select a stretch of time"),
    keyed(Action::LoopRange, Group::Playback, "Loop range", "Play the selected range again and again", NONE, Key::L),
    entry(Action::ClearRange, Group::Playback, "Clear range", "Forget the selected range and stop looping"),

    keyed(Action::NextEvent, Group::Events, "Next event", "Select the next event and show what led to it", NONE, Key::J),
    keyed(Action::PreviousEvent, Group::Events, "Previous event", "Select the event before and show what led to it", NONE, Key::K),
    keyed(Action::Judge(EventVerdict::Confirmed), Group::Events, "Confirm event", "Say that the event was what the detector says", NONE, Key::C),
    keyed(Action::Judge(EventVerdict::FalseAlarm), Group::Events, "False alarm", "Say that the event was a false alarm", NONE, Key::X),
    keyed(Action::Judge(EventVerdict::Unsure), Group::Events, "Unsure about event", "Say that the event cannot be told", NONE, Key::U),
    keyed(Action::MarkFall, Group::Events, "Mark a fall", "Mark the selected range, or the seconds around the playhead, as a fall that no detector told of", NONE, Key::M),
    entry(Action::RefitFalls, Group::Events, "Refit falls from my verdicts", "Fit the fall detector of what is open from the verdicts on its events"),

    keyed(Action::AddPhotos, Group::Body, "Add photos…", "Add photos of a person: JPEG, PNG, WebP or TIFF", CTRL_SHIFT, Key::O),
    keyed(Action::PastePhoto, Group::Body, "Paste photo", "Add the picture in the clipboard", CTRL, Key::V),
    keyed(Action::FitBody, Group::Body, "Fit body", "Fit one body to all photos in use", CTRL, Key::Enter),
    entry(Action::CancelWork, Group::Body, "Cancel fit", "Stop the fit or registration that is running"),
    keyed(Action::Undo, Group::Body, "Undo", "Take back the last change of a zone, the last verdict, or the last change of a body", CTRL, Key::Z),
    keyed(Action::Redo, Group::Body, "Redo", "Make again what was taken back", CTRL_SHIFT, Key::Z),
    entry(Action::ResetBody, Group::Body, "Reset body", "Put all sliders of the selected body back to what was fitted"),
    entry(Action::DrawBody, Group::Body, "Draw a body", "Add a body to play with; it is marked as drawn everywhere"),
    entry(Action::OpenScan, Group::Body, "Open scan…", "Open a scan of a person: OBJ, PLY, STL or GLB"),
    entry(Action::RegisterScan, Group::Body, "Register scan", "Fit the body model to the selected scan"),
    keyed(Action::ExportBody, Group::Body, "Export body…", "Save the selected body or its measurements", CTRL, Key::E),
    entry(Action::ExportSheet, Group::Body, "Export contact sheet…", "Save a picture of all photos with what was seen in them and the body"),
    entry(Action::BatchFolder, Group::Body, "Batch folder…", "Fit a body to every photo of a folder"),
    entry(Action::ReloadModels, Group::Body, "Reload models", "Look for new model files and use them"),
    entry(Action::RemovePhoto, Group::Body, "Remove photo", "Wipe the selected photo from memory"),
    entry(Action::RemoveBody, Group::Body, "Remove body", "Take the selected body off the stage"),
    entry(Action::Units(Units::Centimetres), Group::Body, "Units cm and kg", "Show measurements in centimetres and kilograms"),
    entry(Action::Units(Units::Inches), Group::Body, "Units inches and pounds", "Show measurements in inches and pounds"),
    entry(Action::ShowAs(Show::Mesh), Group::Body, "Show mesh", "Draw bodies as lit surfaces"),
    entry(Action::ShowAs(Show::Wireframe), Group::Body, "Show wireframe", "Draw the edges of the surface"),
    entry(Action::ShowAs(Show::Skeleton), Group::Body, "Show skeleton", "Draw the joints and bones within the surface"),
    entry(Action::ShowAs(Show::Tapes), Group::Body, "Show tapes", "Draw where each measurement is taken"),
    entry(Action::ShowAs(Show::Uncertainty), Group::Body, "Show uncertainty", "Colour bodies by the expected error of each place"),
    entry(Action::ShowAs(Show::Error), Group::Body, "Show error map", "Colour the compared body by its distance from the other"),
    entry(Action::Stand(Stance::APose), Group::Body, "A-pose", "Draw bodies in the pose in which they are measured"),
    entry(Action::Stand(Stance::Captured), Group::Body, "Captured pose", "Draw bodies as they stood in the photo or scan"),
    entry(Action::Stand(Stance::TPose), Group::Body, "T-pose", "Draw bodies with arms held out"),
    entry(Action::Together, Group::Body, "All bodies on stage", "Show all bodies beside each other, or only the selected one"),

    keyed(Action::Freeze, Group::View, "Freeze", "Hold the picture still; capture goes on", NONE, Key::P),
    keyed(Action::Focus, Group::View, "Focus selection", "Move the camera to what is selected", NONE, Key::F),
    entry(Action::ViewFront, Group::View, "Front view", "Look along the room from the front"),
    entry(Action::ViewSide, Group::View, "Side view", "Look across the room from the side"),
    entry(Action::ViewTop, Group::View, "Top view", "Look down on the floor plan"),
    keyed(Action::ViewHome, Group::View, "Reset camera", "Show the whole room", NONE, Key::Num0),
    entry(Action::Figure(Figure::Disc), Group::View, "People as discs", "Draw where people are and nothing else"),
    entry(Action::Figure(Figure::Skeleton), Group::View, "People as skeletons", "Draw joints with their uncertainty where the data carry them, else a template"),
    entry(Action::Figure(Figure::Body), Group::View, "People as bodies", "Pose the body model like people; it is a template unless a subject is assigned"),
    entry(Action::Colouring(Colouring::Part), Group::View, "Bodies by part", "Colour bodies by their parts"),
    entry(Action::Colouring(Colouring::Confidence), Group::View, "Bodies by confidence", "Colour bodies by how sure their joints are"),
    entry(Action::Colouring(Colouring::Speed), Group::View, "Bodies by speed", "Colour bodies by how fast they move"),
    entry(Action::ShowTruth, Group::View, "Simulated truth", "Show or hide the simulator's own people"),
    entry(Action::ShowZones, Group::View, "Zones on the floor", "Show or hide the zones"),
    entry(Action::ShowHeat, Group::View, "Floor heat map", "Show or hide where people have spent their time"),
    keyed(Action::DrawZone, Group::View, "Draw zone", "Click the corners of a zone on the floor, or drag a rectangle", NONE, Key::Z),
    keyed(Action::NextLink, Group::View, "Next link", "Select the next link", NONE, Key::N),
    keyed(Action::PreviousLink, Group::View, "Previous link", "Select the previous link", SHIFT, Key::N),
    entry(Action::Show(Pane::Viewport), Group::View, "Show room", "Bring the 3D view of the room and of bodies to the front"),
    entry(Action::Show(Pane::Amplitude), Group::View, "Show amplitude", "Bring the amplitude waterfalls to the front"),
    entry(Action::Show(Pane::Phase), Group::View, "Show phase", "Bring the phase waterfalls to the front"),
    entry(Action::Show(Pane::Doppler), Group::View, "Show Doppler", "Bring the Doppler spectrogram to the front"),
    entry(Action::Show(Pane::Signals), Group::View, "Show signals", "Bring the time series to the front"),
    entry(Action::Show(Pane::Subcarriers), Group::View, "Show subcarriers", "Bring the plot of one frame to the front"),
    entry(Action::Show(Pane::Constellation), Group::View, "Show constellation", "Bring the I/Q plot to the front"),
    entry(Action::Show(Pane::Links), Group::View, "Show links", "Bring the link table to the front"),
    entry(Action::Show(Pane::Selection), Group::View, "Show selection", "Bring the details of the selected link to the front"),
    entry(Action::Show(Pane::Sources), Group::View, "Show sources", "Bring the source manager to the front"),
    entry(Action::Show(Pane::People), Group::View, "Show people", "Bring who is followed and what each link says of people to the front"),
    entry(Action::Show(Pane::Zones), Group::View, "Show zones", "Bring the list of zones to the front"),
    entry(Action::Show(Pane::Events), Group::View, "Show events", "Bring the list of events and their evidence to the front"),
    entry(Action::Show(Pane::Evidence), Group::View, "Show evidence", "Bring the signals that led to an event to the front"),
    entry(Action::Show(Pane::Summaries), Group::View, "Show summaries", "Bring the figures for care, shop and guard to the front"),
    entry(Action::Show(Pane::Evaluation), Group::View, "Show evaluation", "Bring the evaluation of detectors to the front"),
    entry(Action::Show(Pane::Detectors), Group::View, "Show detectors", "Bring what is known of the detectors to the front"),
    entry(Action::Show(Pane::Photos), Group::View, "Show photos", "Bring the photos to the front"),
    entry(Action::Show(Pane::Body), Group::View, "Show body", "Bring the body's measurements to the front"),
    entry(Action::Show(Pane::Shape), Group::View, "Show shape", "Bring the body's sliders to the front"),
    entry(Action::Show(Pane::Compare), Group::View, "Show comparison", "Bring the comparison of two bodies to the front"),
    entry(Action::Show(Pane::Models), Group::View, "Show models", "Bring the networks and their engine to the front"),
    entry(Action::Show(Pane::Batch), Group::View, "Show batch", "Bring the work through a folder to the front"),
    entry(Action::Show(Pane::Log), Group::View, "Show log", "Bring the log of messages to the front"),

    Entry {
        other_key: Some(KeyboardShortcut::new(CTRL_SHIFT, Key::P)),
        ..keyed(Action::Palette, Group::Window, "Command palette…", "Find and run any command", CTRL, Key::P)
    },
    Entry {
        other_key: Some(KeyboardShortcut::new(SHIFT, Key::Questionmark)),
        ..keyed(Action::Help, Group::Window, "Keys and gestures", "Show all keys and mouse gestures", NONE, Key::Questionmark)
    },
    keyed(Action::Settings, Group::Window, "Settings…", "Theme, zoom and recent files", CTRL, Key::Comma),
    keyed(Action::Fullscreen, Group::Window, "Full screen", "Enter or leave full screen", NONE, Key::F11),
    entry(Action::Layout(StartLayout::Lab), Group::Window, "Layout Lab", "Arrange panels for experiments"),
    entry(Action::Layout(StartLayout::Install), Group::Window, "Layout Install", "Arrange panels for placing nodes and judging links"),
    entry(Action::Layout(StartLayout::Review), Group::Window, "Layout Review", "Arrange panels for going through a recording"),
    entry(Action::Layout(StartLayout::Evaluate), Group::Window, "Layout Evaluate", "Arrange panels for measuring what detectors are worth"),
    entry(Action::Layout(StartLayout::Bodies), Group::Window, "Layout Bodies", "Arrange panels for measuring people in photos"),
    entry(Action::ResetLayout, Group::Window, "Reset layout", "Put every panel of this layout back in its place"),
    entry(Action::ThemeDark, Group::Window, "Dark theme", "Light text on dark ground"),
    entry(Action::ThemeLight, Group::Window, "Light theme", "Dark text on light ground"),
    entry(Action::ThemeSystem, Group::Window, "System theme", "Follow the desktop's theme"),
    Entry {
        other_key: Some(KeyboardShortcut::new(CTRL, Key::Equals)),
        ..keyed(Action::ZoomIn, Group::Window, "Larger", "Enlarge the whole window", CTRL, Key::Plus)
    },
    keyed(Action::ZoomOut, Group::Window, "Smaller", "Shrink the whole window", CTRL, Key::Minus),
    keyed(Action::ZoomReset, Group::Window, "Zoom 100 %", "Show everything in its natural size", CTRL, Key::Num0),
    entry(Action::CopyLog, Group::Window, "Copy log", "Copy all messages as text"),
];

impl Action {
    /// Every action, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|entry| entry.action)
    }

    pub fn entry(self) -> &'static Entry {
        // Every action is in the table (tested below); the first line stands in for one that is not.
        TABLE.iter().find(|entry| entry.action == self).unwrap_or(&TABLE[0])
    }

    /// What the action needs and does not have now; `Ok` when it can be done.
    pub fn available(self, snapshot: &Snapshot, context: Context) -> Result<(), &'static str> {
        let studio = &snapshot.studio;
        let body = studio.bodies.iter().find(|body| Some(body.id) == context.body);
        let need = |met: bool, reason: &'static str| if met { Ok(()) } else { Err(reason) };
        match self {
            Self::TogglePlay | Self::SeekByMillis(_) | Self::StepFrames(_) | Self::GoToStart | Self::Speed(_) => {
                need(snapshot.playback.is_some(), "Needs an open recording")
            }
            Self::LoopRange => {
                need(snapshot.playback.is_some() && context.has_range, "Needs an open recording and a selected range")
            }
            Self::ClearRange => need(context.has_range, "No range is selected"),
            Self::SelectRange => need(snapshot.timeline.span.is_some(), "Needs data on the timeline"),
            Self::LearnQuiet => need(!snapshot.links.is_empty(), "No frames have come yet"),
            Self::CloseAll | Self::FollowLive => need(!snapshot.sources.is_empty(), "No source is open"),
            Self::Freeze => need(context.frozen || snapshot.time.is_some(), "No data has come yet"),
            Self::Record => need(
                snapshot.recording.is_some() || !snapshot.sources.is_empty(),
                "Needs a source: connect a node or start the simulated scene",
            ),
            Self::NextLink | Self::PreviousLink => need(!snapshot.links.is_empty(), "There are no links yet"),
            Self::NextEvent | Self::PreviousEvent => need(!snapshot.events.is_empty(), "There are no events yet"),
            Self::Judge(_) => {
                let is_chosen = snapshot.events.iter().any(|event| Some(event.id) == context.event);
                need(is_chosen, "Choose an event first")?;
                need(
                    snapshot.playback.is_some(),
                    "Verdicts are kept with recordings: record, open the recording and judge there",
                )
            }
            Self::MarkFall => need(snapshot.playback.is_some(), "Needs an open recording"),
            Self::RefitFalls => {
                need(snapshot.playback.is_some(), "Needs an open recording")?;
                let verdicts = &snapshot.verdicts;
                need(
                    verdicts.n_falls + verdicts.n_others > 0,
                    "Needs verdicts on falls and on movement that was none: judge events first",
                )
            }
            Self::FitBody => match studio::cannot_fit(studio).or(context.inputs_error) {
                Some(reason) => Err(reason),
                None => Ok(()),
            },
            Self::CancelWork => need(studio.work.is_some(), "No fit is running"),
            Self::Undo => {
                let of_verdicts = context.of_verdicts && snapshot.verdicts.can_undo;
                need(studio.undo.is_some() || context.zones_undo || of_verdicts, "Nothing to undo")
            }
            Self::Redo => {
                let of_verdicts = context.of_verdicts && snapshot.verdicts.can_redo;
                need(studio.redo.is_some() || context.zones_redo || of_verdicts, "Nothing to redo")
            }
            Self::ResetBody => need(body.is_some_and(|body| body.edited), "The selected body has not been changed"),
            Self::ExportBody | Self::RemoveBody => need(body.is_some(), "Needs a body: fit one to photos, or draw one"),
            Self::ExportSheet => need(
                !studio.photos.is_empty() && studio.bodies.iter().any(|body| !body.in_photos.is_empty()),
                "Needs a body that was fitted to photos",
            ),
            Self::RegisterScan => need(
                studio.work.is_none() && body.is_some_and(|body| matches!(body.origin, BodyOrigin::Scan { .. })),
                "Needs a scan: open one and select it",
            ),
            Self::ShowTruth => need(!snapshot.simulated_body.is_empty(), "Nothing simulated is open"),
            Self::DrawZone => need(
                !snapshot.sources.is_empty() || !snapshot.site.nodes.is_empty(),
                "Needs a room: connect a node or open a recording",
            ),
            Self::ShowHeat => need(snapshot.people.floor.is_some(), "Nobody has been followed in a measured room yet"),
            Self::Together => need(studio.bodies.len() > 1, "There is only one body"),
            Self::RemovePhoto => need(context.photo.is_some(), "No photo is selected"),
            Self::ShowAs(Show::Error) => need(studio.comparison.is_some(), "Compare two bodies first"),
            _ => Ok(()),
        }
    }
}

/// What of the window decides whether an action can be done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context {
    pub frozen: bool,
    pub has_range: bool,
    /// The event that is chosen.
    pub event: Option<EventId>,
    /// Undo and redo are of verdicts on events, not of bodies.
    pub of_verdicts: bool,
    /// Selected in the studio.
    pub photo: Option<PhotoId>,
    pub body: Option<BodyId>,
    /// Whether edits of zones can be taken back, or made again.
    pub zones_undo: bool,
    pub zones_redo: bool,
    /// Which typed figure cannot be used.
    pub inputs_error: Option<&'static str>,
}

/// The action whose key was pressed; takes the key away from the widgets. Without a transport on screen, arrows and Space
/// are for sliders and buttons.
pub fn pressed(input: &mut egui::InputState, has_transport: bool) -> Option<Action> {
    TABLE
        .iter()
        .filter(|entry| has_transport || entry.group != Group::Playback)
        .find(|entry| {
            [entry.key, entry.other_key].into_iter().flatten().any(|key| {
                // Egui ignores a surplus Shift, which would turn Shift+N into N.
                input.modifiers.shift == key.modifiers.shift && input.consume_shortcut(&key)
            })
        })
        .map(|entry| entry.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_key_is_given_once() {
        for (i, a) in TABLE.iter().enumerate() {
            assert_eq!(a.action.entry().name, a.name);
            for b in &TABLE[i + 1..] {
                assert_ne!(a.name, b.name);
                for key in [a.key, a.other_key].into_iter().flatten() {
                    assert!(b.key != Some(key) && b.other_key != Some(key), "{} and {} share a key", a.name, b.name);
                }
            }
        }
        for pane in Pane::ALL {
            assert_eq!(Action::Show(pane).entry().action, Action::Show(pane));
        }
    }
}
