//! Linear blend skinning with every influence the model has (up to nine per vertex).

use bevy_math::{DMat3, DVec3, Vec3, Vec4};

use super::pose::{BoneFrame, BoneMap};
use super::{AnnyModel, Shape};

/// Which bones move each vertex and how much.
pub struct Skin {
    /// Where each vertex's influences start; one more at the end.
    first: Vec<u32>,
    influences: Vec<(u8, f32)>,
}

impl Skin {
    /// `None` when a weight is for a bone that is not, or is negative, or a vertex has no weight at all.
    pub fn new(n_vertices: usize, n_bones: usize, bones: &[u8], weights: &[f32]) -> Option<Self> {
        let width = bones.len() / n_vertices;
        let mut first = vec![0];
        let mut influences = Vec::with_capacity(3 * n_vertices);
        for (bones, weights) in bones.chunks_exact(width.max(1)).zip(weights.chunks_exact(width.max(1))) {
            let mut own: Vec<(u8, f32)> =
                bones.iter().copied().zip(weights.iter().copied()).filter(|(_, w)| *w != 0.0).collect();
            if own.is_empty() || own.iter().any(|(bone, weight)| usize::from(*bone) >= n_bones || *weight < 0.0) {
                return None;
            }
            own.sort_by(|a, b| b.1.total_cmp(&a.1));
            influences.extend(own);
            first.push(influences.len() as u32);
        }
        (first.len() == n_vertices + 1).then_some(Self { first, influences })
    }

    /// Of some of the vertices, in their order.
    pub fn of(&self, vertices: &[u16]) -> Self {
        let mut part = Self { first: vec![0], influences: Vec::new() };
        for vertex in vertices {
            part.influences.extend(self.influences(usize::from(*vertex)));
            part.first.push(part.influences.len() as u32);
        }
        part
    }

    pub fn influences(&self, vertex: usize) -> &[(u8, f32)] {
        &self.influences[self.first[vertex] as usize..self.first[vertex + 1] as usize]
    }
}

/// A bone's map in single precision, by columns; the fourth is the shift.
#[derive(Clone, Copy)]
pub(super) struct Columns([Vec4; 4]);

impl Columns {
    pub fn new(map: &BoneMap) -> Self {
        let column = |v: DVec3| v.as_vec3().extend(0.0);
        Self([column(map.linear.x_axis), column(map.linear.y_axis), column(map.linear.z_axis), column(map.shift)])
    }
}

impl AnnyModel {
    /// The posed vertices. The root's place is added last, so that a body far from the origin keeps its precision.
    pub fn skinned(&self, shape: &Shape, frames: &[BoneFrame]) -> Vec<Vec3> {
        let origin = frames.first().map_or(DVec3::ZERO, |root| root.head);
        let maps: Vec<Columns> = self
            .bone_maps(shape, frames)
            .into_iter()
            .map(|map| Columns::new(&BoneMap { shift: map.shift - origin, ..map }))
            .collect();
        let origin = origin.as_vec3().extend(0.0);
        let each = shape.rest_vertices.iter().zip(self.skin.first.windows(2));
        each.map(|(v, bounds)| {
            let [x, y, z, shift] = blend(&maps, &self.skin.influences[bounds[0] as usize..bounds[1] as usize]);
            (x * v.x + y * v.y + z * v.z + shift + origin).truncate()
        })
        .collect()
    }

    /// How posed vertices change with some axes: by their own change at rest (`rest_by`, three components per vertex) and by that of
    /// their bones.
    pub(super) fn skinned_by(
        &self,
        rest: &[Vec3],
        rest_by: &[Vec<f32>],
        maps: &[Columns],
        maps_by: &[Vec<BoneMap>],
    ) -> Vec<Vec<Vec3>> {
        let mut by_axis = vec![vec![Vec3::ZERO; rest.len()]; maps_by.len()];
        // Eight axes and four at a time fill the processor's vectors.
        let mut done = 0;
        while done < maps_by.len() {
            let lanes = if maps_by.len() - done > 4 { 8 } else { 4 };
            let part = done..(done + lanes).min(maps_by.len());
            let (maps_by, rest_by, by_axis) = (&maps_by[part.clone()], &rest_by[part.clone()], &mut by_axis[part]);
            let skin = &self.skin;
            if lanes == 8 {
                let maps_by = &Lanes::<8>::of_bones(maps_by, maps.len());
                pulp::Arch::new().dispatch(SkinLanes { skin, rest, rest_by, maps, maps_by, by_axis });
            } else {
                let maps_by = &Lanes::<4>::of_bones(maps_by, maps.len());
                pulp::Arch::new().dispatch(SkinLanes { skin, rest, rest_by, maps, maps_by, by_axis });
            }
            done += lanes;
        }
        by_axis
    }
}

/// [`AnnyModel::skinned_by`] for at most `LANES` axes: too long a loop for [`super::wide::wide`] to be inlined by itself.
struct SkinLanes<'a, const LANES: usize> {
    skin: &'a Skin,
    rest: &'a [Vec3],
    rest_by: &'a [Vec<f32>],
    maps: &'a [Columns],
    maps_by: &'a [Lanes<LANES>],
    by_axis: &'a mut [Vec<Vec3>],
}

impl<const LANES: usize> pulp::WithSimd for SkinLanes<'_, LANES> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { skin, rest, rest_by, maps, maps_by, by_axis } = self;
        for (vertex, (v, bounds)) in rest.iter().zip(skin.first.windows(2)).enumerate() {
            let influences = &skin.influences[bounds[0] as usize..bounds[1] as usize];
            let [x, y, z, _] = blend(maps, influences);
            let mut moved = [[0.0f32; LANES]; 3];
            for (bone, weight) in influences {
                let Lanes(columns) = &maps_by[usize::from(*bone)];
                let place = [weight * v.x, weight * v.y, weight * v.z, *weight];
                for component in 0..3 {
                    for lane in 0..LANES {
                        moved[component][lane] += (place[0] * columns[0][component][lane]
                            + place[1] * columns[1][component][lane])
                            + (place[2] * columns[2][component][lane] + place[3] * columns[3][component][lane]);
                    }
                }
            }
            for (lane, (column, rest_by)) in by_axis.iter_mut().zip(rest_by).enumerate() {
                let own = x * rest_by[3 * vertex] + y * rest_by[3 * vertex + 1] + z * rest_by[3 * vertex + 2];
                column[vertex] = own.truncate() + Vec3::new(moved[0][lane], moved[1][lane], moved[2][lane]);
            }
        }
    }
}

/// How one bone's map changes with several axes: column of the map, component, axis.
struct Lanes<const LANES: usize>([[[f32; LANES]; 3]; 4]);

impl<const LANES: usize> Lanes<LANES> {
    fn of_bones(maps_by: &[Vec<BoneMap>], n_bones: usize) -> Vec<Self> {
        (0..n_bones).map(|bone| Self::new(maps_by, bone)).collect()
    }

    fn new(maps_by: &[Vec<BoneMap>], bone: usize) -> Self {
        let mut lanes = [[[0.0; LANES]; 3]; 4];
        for (lane, maps) in maps_by.iter().enumerate().take(LANES) {
            let BoneMap { linear, shift } = &maps[bone];
            for (column, along) in lanes.iter_mut().zip([linear.x_axis, linear.y_axis, linear.z_axis, *shift]) {
                for (component, value) in column.iter_mut().zip(along.to_array()) {
                    component[lane] = value as f32;
                }
            }
        }
        Self(lanes)
    }
}

#[inline(always)]
fn blend(maps: &[Columns], influences: &[(u8, f32)]) -> [Vec4; 4] {
    let mut sum = [Vec4::ZERO; 4];
    for (bone, weight) in influences {
        let Columns(columns) = &maps[usize::from(*bone)];
        for (s, c) in sum.iter_mut().zip(columns) {
            *s += *c * *weight;
        }
    }
    sum
}

/// A still map, for bones that an axis does not touch.
impl Default for BoneMap {
    fn default() -> Self {
        Self { linear: DMat3::ZERO, shift: DVec3::ZERO }
    }
}
