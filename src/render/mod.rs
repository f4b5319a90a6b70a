//! The renderer: a plain-data [`Scene`] and a [`Camera`] in, a texture or an image out; and tables over time as waterfalls.
//!
//! Knows no window and no user interface: [`ViewportRenderer`] and [`Waterfall`] draw into textures of their own that a
//! window may show ([`TARGET_FORMAT`], gamma-encoded, as egui expects) and that [`read_back`] turns into an image.
//! It needs no optional device feature and no storage buffer, so that every adapter that shows the window will do.
//! Meshes and what lies on them are `surface`'s, which is made only when a scene has some.
//! Nothing here decides when to draw: callers draw when something has changed.

mod axis_cube;
mod batch;
mod buffers;
mod camera;
mod colormap;
mod frame;
mod gpu;
mod lines;
mod mesh;
mod mesh_pick;
mod pick;
mod picture;
mod pipelines;
mod ring;
mod scene;
mod scene_mesh;
mod shadow_map;
pub mod sheet;
mod surface;
mod target;
mod viewport;
mod waterfall;

pub use axis_cube::axis_cube_ends;
pub use camera::{Camera, Pose, Ray, StandardView};
pub use colormap::{Colormap, legend_ticks};
pub use gpu::{Error, Gpu, TARGET_FORMAT, read_back, save_png};
pub use mesh_pick::{MeshHit, pick_mesh};
pub use pick::{Picked, pick};
pub use picture::{render_image, straighten};
pub use scene::{
    Capsule, NodeKind, Rgba, Scene, SceneLink, SceneNode, ScenePalette, ScenePoint, Stroke, Trail, TrailPoint,
    scene_bounds,
};
pub use scene_mesh::{SceneMesh, ScenePolyline};
pub use surface::{Detail, MeshProblem};
pub use viewport::ViewportRenderer;
pub use waterfall::{Mode, Texel, Waterfall, WaterfallPipeline, WaterfallView};
