//! The dock: which panels there are, five start arrangements by role, and the user's own, which persists.

use egui_tiles::{Container, Linear, LinearDir, Tabs, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pane {
    Viewport,
    Amplitude,
    Phase,
    Doppler,
    Signals,
    Subcarriers,
    Constellation,
    Links,
    Selection,
    Sources,
    Log,
    People,
    Zones,
    Events,
    Evidence,
    Summaries,
    Evaluation,
    Detectors,
    Photos,
    Body,
    Shape,
    Compare,
    Models,
    Batch,
}

impl Pane {
    pub const ALL: [Self; 24] = [
        Self::Viewport,
        Self::Amplitude,
        Self::Phase,
        Self::Doppler,
        Self::Signals,
        Self::Subcarriers,
        Self::Constellation,
        Self::Links,
        Self::Selection,
        Self::Sources,
        Self::Log,
        Self::People,
        Self::Zones,
        Self::Events,
        Self::Evidence,
        Self::Summaries,
        Self::Evaluation,
        Self::Detectors,
        Self::Photos,
        Self::Body,
        Self::Shape,
        Self::Compare,
        Self::Models,
        Self::Batch,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Viewport => "Room",
            Self::Amplitude => "Amplitude",
            Self::Phase => "Phase",
            Self::Doppler => "Doppler",
            Self::Signals => "Signals",
            Self::Subcarriers => "Subcarriers",
            Self::Constellation => "Constellation",
            Self::Links => "Links",
            Self::Selection => "Selection",
            Self::Sources => "Sources",
            Self::Log => "Log",
            Self::People => "People",
            Self::Zones => "Zones",
            Self::Events => "Events",
            Self::Evidence => "Evidence",
            Self::Summaries => "Summaries",
            Self::Evaluation => "Evaluation",
            Self::Detectors => "Detectors",
            Self::Photos => "Photos",
            Self::Body => "Body",
            Self::Shape => "Shape",
            Self::Compare => "Compare",
            Self::Models => "Models",
            Self::Batch => "Batch",
        }
    }

    /// Whether it belongs to the body studio, and carries the provenance of bodies.
    pub fn is_of_bodies(self) -> bool {
        matches!(self, Self::Photos | Self::Body | Self::Shape | Self::Compare | Self::Models | Self::Batch)
    }
}

/// Who sits in front of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StartLayout {
    #[default]
    Lab,
    Install,
    Review,
    Evaluate,
    Bodies,
}

impl StartLayout {
    pub const ALL: [Self; 5] = [Self::Lab, Self::Install, Self::Review, Self::Evaluate, Self::Bodies];

    pub fn label(self) -> &'static str {
        match self {
            Self::Lab => "Lab",
            Self::Install => "Install",
            Self::Review => "Review",
            Self::Evaluate => "Evaluate",
            Self::Bodies => "Bodies",
        }
    }

    /// The panels in their places for this role.
    pub fn tree(self) -> Tree<Pane> {
        use Pane::*;
        let mut tiles = Tiles::default();
        let root = match self {
            Self::Lab => {
                let room = tabs(&mut tiles, &[Viewport]);
                let tables = tabs(&mut tiles, &[Links, People, Zones, Events, Summaries, Selection, Sources, Log]);
                let left = split(&mut tiles, LinearDir::Vertical, &[(room, 1.6), (tables, 1.0)]);
                let falls = tabs(&mut tiles, &[Amplitude, Phase, Evidence]);
                let doppler = tabs(&mut tiles, &[Doppler, Signals]);
                let frame = tabs(&mut tiles, &[Subcarriers]);
                let points = tabs(&mut tiles, &[Constellation]);
                let plots = split(&mut tiles, LinearDir::Horizontal, &[(frame, 1.5), (points, 1.0)]);
                let right = split(&mut tiles, LinearDir::Vertical, &[(falls, 1.3), (doppler, 1.0), (plots, 1.0)]);
                split(&mut tiles, LinearDir::Horizontal, &[(left, 1.1), (right, 1.0)])
            }
            Self::Install => {
                let room = tabs(&mut tiles, &[Viewport]);
                let links = tabs(&mut tiles, &[Links, People, Zones, Detectors]);
                let left = split(&mut tiles, LinearDir::Vertical, &[(room, 1.6), (links, 1.0)]);
                let sources = tabs(&mut tiles, &[Sources, Events, Log]);
                let details = tabs(&mut tiles, &[Selection]);
                let plots = tabs(&mut tiles, &[Amplitude, Phase, Doppler, Signals, Subcarriers, Constellation]);
                let right = split(&mut tiles, LinearDir::Vertical, &[(sources, 1.0), (details, 1.2), (plots, 1.0)]);
                split(&mut tiles, LinearDir::Horizontal, &[(left, 1.7), (right, 1.0)])
            }
            Self::Review => {
                let evidence = tabs(&mut tiles, &[Evidence, Summaries]);
                let falls = tabs(&mut tiles, &[Amplitude, Phase, Doppler, Signals]);
                let left = split(&mut tiles, LinearDir::Vertical, &[(evidence, 2.7), (falls, 1.0)]);
                let room = tabs(&mut tiles, &[Viewport]);
                let details = tabs(&mut tiles, &[Events, People, Zones, Selection, Links, Sources, Log]);
                let plots = tabs(&mut tiles, &[Subcarriers, Constellation]);
                let right = split(&mut tiles, LinearDir::Vertical, &[(room, 1.2), (details, 1.2), (plots, 0.7)]);
                split(&mut tiles, LinearDir::Horizontal, &[(left, 1.4), (right, 1.0)])
            }
            Self::Evaluate => {
                let scores = tabs(&mut tiles, &[Evaluation]);
                let about = tabs(&mut tiles, &[Detectors, Models]);
                let more = tabs(&mut tiles, &[Log, Sources]);
                let right = split(&mut tiles, LinearDir::Vertical, &[(about, 2.4), (more, 1.0)]);
                split(&mut tiles, LinearDir::Horizontal, &[(scores, 1.9), (right, 1.0)])
            }
            Self::Bodies => {
                let photos = tabs(&mut tiles, &[Photos]);
                let more = tabs(&mut tiles, &[Models, Batch, Log]);
                let left = split(&mut tiles, LinearDir::Vertical, &[(photos, 2.6), (more, 1.0)]);
                let stage = tabs(&mut tiles, &[Viewport]);
                let right = tabs(&mut tiles, &[Body, Shape, Compare]);
                split(&mut tiles, LinearDir::Horizontal, &[(left, 1.0), (stage, 1.25), (right, 0.95)])
            }
        };
        Tree::new(egui::Id::unique("dock"), root, tiles)
    }
}

fn tabs(tiles: &mut Tiles<Pane>, panes: &[Pane]) -> TileId {
    let children: Vec<_> = panes.iter().map(|&pane| tiles.insert_pane(pane)).collect();
    let first = children.first().copied();
    let mut tabs = Tabs::new(children);
    tabs.active = first;
    tiles.insert_container(Container::Tabs(tabs))
}

fn split(tiles: &mut Tiles<Pane>, dir: LinearDir, parts: &[(TileId, f32)]) -> TileId {
    let mut linear = Linear::new(dir, parts.iter().map(|&(id, _)| id).collect());
    for &(id, share) in parts {
        linear.shares.set_share(id, share);
    }
    tiles.insert_container(Container::Linear(linear))
}

/// Brings a panel to the front; puts it back where it was closed.
pub fn show(tree: &mut Tree<Pane>, pane: Pane) {
    if tree.tiles.find_pane(&pane).is_none() {
        let id = tree.tiles.insert_pane(pane);
        let place = tree.tiles.iter().find_map(|(&id, tile)| match tile {
            egui_tiles::Tile::Container(Container::Tabs(_)) => Some(id),
            _ => None,
        });
        match place {
            Some(tabs) => tree.move_tile_to_container(id, tabs, usize::MAX, false),
            None => *tree = StartLayout::default().tree(),
        }
    }
    tree.make_active(|_, tile| matches!(tile, egui_tiles::Tile::Pane(p) if *p == pane));
}

/// Whether a restored arrangement can be used: it has a root, and no panel twice.
pub fn is_sound(tree: &Tree<Pane>) -> bool {
    let panes: Vec<_> = tree
        .tiles
        .tiles()
        .filter_map(|tile| match tile {
            egui_tiles::Tile::Pane(pane) => Some(*pane),
            egui_tiles::Tile::Container(_) => None,
        })
        .collect();
    let twice = panes.iter().enumerate().any(|(i, pane)| panes[..i].contains(pane));
    tree.root().is_some() && !panes.is_empty() && !twice
}
