//! From bodies to what the viewport draws: surfaces in their colours, bones, tapes; beside each other where there are several.
//!
//! Colours and bounds of a body are computed once for each of its revisions, poses and maps, not for each frame.

use std::sync::Arc;

use bevy_math::{Isometry3d, Vec3};

use super::legend::{self, Scale};
use super::{Show, State, posed};
use crate::app::stage;
use crate::app::theme::{self, Theme};
use crate::engine::studio::{BodyId, BodyView, ComparisonView, PoseChoice, PosedView, Studio};
use crate::render::{Capsule, Rgba, Scene, SceneMesh, ScenePoint, ScenePolyline};
use crate::types::{MeasurementKind, Mesh};

/// Room between bodies that stand beside each other, metres.
const GAP_M: f32 = 0.25;
/// Bones are a fifteenth as thick as long, within these bounds, metres.
const BONE_M: (f32, f32) = (0.003, 0.014);
const JOINT_M: f32 = 0.004;
/// Names the preview's mesh; bodies count up from one.
const PREVIEW_KEY: u64 = u64::MAX;

#[derive(Default)]
pub struct Cache {
    entries: Vec<Entry>,
    preview: Option<Preview>,
    n_built: u64,
}

struct Entry {
    key: Key,
    colors: Option<Arc<[Rgba]>>,
    bounds: Option<(Vec3, Vec3)>,
    /// For the renderer: counts up with everything that is built.
    revision: u64,
    used: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Key {
    body: BodyId,
    revision: u64,
    pose: PoseChoice,
    /// The scale of the map, and where its values lie; `None` is plain.
    map: Option<(Scale, usize)>,
}

struct Preview {
    /// Where the vertices lie: tells previews apart. Never followed.
    address: usize,
    normals: Arc<[Vec3]>,
    bounds: Option<(Vec3, Vec3)>,
    revision: u64,
}

/// A body's place on the stage.
pub struct Placed {
    pub body: BodyId,
    pub bounds: Option<(Vec3, Vec3)>,
    /// Place of its surface among the scene's meshes.
    pub mesh: usize,
}

/// What the viewport draws.
pub struct Staged {
    pub scene: Scene,
    pub placed: Vec<Placed>,
    pub bounds: Option<(Vec3, Vec3)>,
    pub scale: Option<Scale>,
    /// Whether the bodies stand aside for one that is being fitted.
    pub is_preview: bool,
}

impl Cache {
    /// Begins a frame: lets go of what was not drawn in the last one.
    pub fn forget(&mut self, studio: &Studio) {
        self.entries.retain(|entry| entry.used);
        for entry in &mut self.entries {
            entry.used = false;
        }
        if studio.work.as_ref().is_none_or(|work| work.preview.is_none()) {
            self.preview = None;
        }
    }

    fn entry(&mut self, key: Key, build: impl FnOnce() -> (Option<Arc<[Rgba]>>, Option<(Vec3, Vec3)>)) -> &mut Entry {
        let at = match self.entries.iter().position(|entry| entry.key == key) {
            Some(at) => at,
            None => {
                let (colors, bounds) = build();
                self.n_built += 1;
                self.entries.push(Entry { key, colors, bounds, revision: self.n_built, used: true });
                self.entries.len() - 1
            }
        };
        self.entries[at].used = true;
        &mut self.entries[at]
    }
}

/// The bodies that stand on the stage: the compared two, all, or the selected one.
pub fn on_stage<'a>(studio: &'a Studio, state: &State) -> Vec<&'a Arc<BodyView>> {
    let find = |id: BodyId| studio.bodies.iter().find(|body| body.id == id);
    if let Some(comparison) = studio.comparison.as_ref().filter(|_| state.compare.side_by_side) {
        return find(comparison.body).into_iter().chain(find(comparison.reference)).collect();
    }
    if state.options.show == Show::Error
        && let Some(body) = studio.comparison.as_ref().and_then(|comparison| find(comparison.body))
    {
        return vec![body];
    }
    if state.options.together {
        return studio.bodies.iter().collect();
    }
    state.body.and_then(find).into_iter().collect()
}

pub fn stage_scene(studio: &Studio, state: &mut State, theme: &Theme) -> Staged {
    let mut staged = Staged {
        scene: Scene::new(stage::palette(theme)),
        placed: Vec::new(),
        bounds: None,
        scale: None,
        is_preview: false,
    };
    staged.scene.axes = false;
    if let Some(preview) = studio.work.as_ref().and_then(|work| work.preview.as_ref()) {
        add_preview(&mut staged, &mut state.scene, preview, theme);
        return staged;
    }
    let bodies = on_stage(studio, state);
    staged.scale = scale(studio, &bodies, state.options.show);
    let mut left = 0.0;
    let n = bodies.len();
    for body in bodies {
        let Some(posed) = posed(body, state.options.stance, state.photo) else { continue };
        let at = add_body(&mut staged, state, theme, body, posed, studio.comparison.as_deref(), &mut left, n > 1);
        if state.body == Some(body.id) || n == 1 {
            add_tapes(&mut staged.scene, state, theme, posed, at);
        }
        if state.options.show == Show::Skeleton {
            add_bones(&mut staged.scene, theme, posed, at);
        }
    }
    staged
}

fn scale(studio: &Studio, bodies: &[&Arc<BodyView>], show: Show) -> Option<Scale> {
    match show {
        Show::Error => studio.comparison.as_deref().map(legend::of_errors),
        Show::Uncertainty => {
            let scales = bodies.iter().filter_map(|body| legend::of_sigmas(&body.sigma_m));
            // One scale for all, so that they can be compared.
            scales.max_by(|a, b| a.high_m.total_cmp(&b.high_m))
        }
        _ => None,
    }
}

/// The values that the map shows on this body, per vertex, metres.
pub fn values<'a>(body: &'a BodyView, comparison: Option<&'a ComparisonView>, show: Show) -> Option<&'a Arc<[f32]>> {
    match show {
        Show::Uncertainty => Some(&body.sigma_m).filter(|sigma| !sigma.is_empty()),
        Show::Error => comparison.filter(|comparison| comparison.body == body.id).map(|comparison| &comparison.error_m),
        _ => None,
    }
}

#[expect(clippy::too_many_arguments, reason = "one step of one loop")]
fn add_body(
    staged: &mut Staged,
    state: &mut State,
    theme: &Theme,
    body: &BodyView,
    posed: &PosedView,
    comparison: Option<&ComparisonView>,
    left: &mut f32,
    several: bool,
) -> Vec3 {
    let show = state.options.show;
    let positions = &posed.mesh.positions;
    let map = staged.scale.zip(values(body, comparison, show).filter(|values| values.len() == positions.len()));
    let key = Key {
        body: body.id,
        revision: body.revision,
        pose: posed.pose,
        map: map.map(|(scale, values)| (scale, values.as_ptr().addr())),
    };
    let entry = state.scene.entry(key, || {
        let colors = map.map(|(scale, values)| values.iter().map(|value| scale.color(*value)).collect());
        (colors, bounds(positions))
    });
    let at = match entry.bounds {
        Some((low, high)) if several => {
            let at = Vec3::new(*left - low.x, 0.0, 0.0);
            *left += high.x - low.x + GAP_M;
            at
        }
        _ => Vec3::ZERO,
    };
    let color = stage::rgba(theme.mannequin);
    let normals = Arc::clone(&posed.normals);
    let triangles = Arc::clone(&posed.mesh.triangles);
    let mut mesh = SceneMesh::new(body.id, entry.revision, Arc::clone(positions), normals, triangles, color);
    mesh.colors = entry.colors.clone();
    mesh.room_from_mesh = Isometry3d::from_translation(at);
    match show {
        Show::Wireframe => {
            mesh.wireframe = Some(stage::rgba(theme.text));
            mesh.opacity = theme::FAINT_BODY;
        }
        Show::Skeleton => mesh.opacity = theme::FAINT_BODY,
        _ => {}
    }
    if several && state.body == Some(body.id) {
        mesh.highlight = Some(stage::rgba(theme.accent));
    }
    let placed = entry.bounds.map(|(low, high)| (low + at, high + at));
    staged.placed.push(Placed { body: body.id, bounds: placed, mesh: staged.scene.meshes.len() });
    staged.bounds = union(staged.bounds, placed);
    staged.scene.meshes.push(mesh);
    at
}

fn add_preview(staged: &mut Staged, cache: &mut Cache, preview: &Mesh, theme: &Theme) {
    let address = preview.positions.as_ptr().addr();
    if cache.preview.as_ref().is_none_or(|known| known.address != address) {
        cache.n_built += 1;
        cache.preview = Some(Preview {
            address,
            normals: preview.normals().into(),
            bounds: bounds(&preview.positions),
            revision: cache.n_built,
        });
    }
    let Some(known) = &cache.preview else { return };
    let positions = Arc::clone(&preview.positions);
    let (normals, triangles) = (Arc::clone(&known.normals), Arc::clone(&preview.triangles));
    let color = stage::rgba(theme.mannequin);
    staged.scene.meshes.push(SceneMesh::new(PREVIEW_KEY, known.revision, positions, normals, triangles, color));
    staged.bounds = known.bounds;
    staged.is_preview = true;
}

/// All tapes when they are what is shown, else those of the row under the pointer and of pinned rows.
fn add_tapes(scene: &mut Scene, state: &State, theme: &Theme, posed: &PosedView, at: Vec3) {
    let lit = |kind: MeasurementKind| state.hovered_tape == Some(kind) || state.pinned_tapes.contains(&kind);
    for tape in posed.tapes.iter() {
        if !lit(tape.kind) && state.options.show != Show::Tapes {
            continue;
        }
        let (color, width_points) =
            if lit(tape.kind) { (theme.accent, theme::TAPE_LIT) } else { (theme.tape, theme::TAPE) };
        scene.polylines.push(ScenePolyline {
            points: tape.points.iter().map(|point| *point + at).collect(),
            closed: tape.closed,
            color: stage::rgba(color),
            width_points,
            on_surface: true,
        });
    }
}

fn add_bones(scene: &mut Scene, theme: &Theme, posed: &PosedView, at: Vec3) {
    let color = stage::rgba(theme.accent);
    for &(from, to) in posed.bones.iter() {
        let (Some(&a), Some(&b)) = (posed.joints.get(usize::from(from)), posed.joints.get(usize::from(to))) else {
            continue;
        };
        let radius = (a.distance(b) / 15.0).clamp(BONE_M.0, BONE_M.1);
        scene.capsules.push(Capsule { a: a + at, b: b + at, radius_a: radius, radius_b: 0.6 * radius, color });
    }
    let color = stage::rgba(theme.text);
    scene.points = posed
        .joints
        .iter()
        .map(|joint| ScenePoint { position: *joint + at, radius: JOINT_M, color })
        .chain(std::mem::take(&mut scene.points))
        .collect();
}

fn bounds(positions: &[Vec3]) -> Option<(Vec3, Vec3)> {
    positions.iter().filter(|p| p.is_finite()).fold(None, |bounds, p| union(bounds, Some((*p, *p))))
}

fn union(a: Option<(Vec3, Vec3)>, b: Option<(Vec3, Vec3)>) -> Option<(Vec3, Vec3)> {
    match (a, b) {
        (Some((low, high)), Some((l, h))) => Some((low.min(l), high.max(h))),
        (a, b) => a.or(b),
    }
}
