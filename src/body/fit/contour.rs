//! What the outline adds to a look: how far the body's own lies beyond the observed one, cloth and the segmenter's habit left out.

use bevy_math::DVec3;

use crate::body::model::{PointSet, Shape};

use super::evaluate::{Context, Looking, Points, PosedParts, ShapeParts, ViewReport};
use super::input::FitView;
use super::normal::Normal;
use super::outline::{Match, OutlineEdge, Silhouette, match_outline};
use super::robust::student;
use super::state::N_POSE;

/// An outline point costs no more than at this many standard deviations, and as much when no body is near it.
const LOST_SIGMAS: f64 = 5.0;

/// Within a photo it differs by this part of itself.
const CLOTH_UNEVEN: f64 = 0.25;

impl Context<'_> {
    #[expect(clippy::too_many_arguments, reason = "private, called once")]
    pub(super) fn add_outline(
        &self,
        seen: &FitView,
        parts: &ShapeParts,
        shape: &Shape,
        posed: &PosedParts<'_>,
        looking: &Looking,
        reach: f64,
        normal: &mut Normal,
        report: &mut ViewReport,
    ) {
        if seen.contour.is_empty() {
            return;
        }
        let vertices = self.model.skinned(shape, posed.frames);
        let silhouette = Silhouette::new(&vertices, &self.model.faces, &self.prepared.edges, &posed.camera);
        let reach_px = silhouette.as_ref().map_or(0.0, |s| reach * f64::from(s.extent_px));
        let matches = silhouette.as_ref().map_or_else(Vec::new, |s| match_outline(s, &seen.contour, reach_px));
        // Points that found no body cost as much as the farthest that may.
        report.n_outline_lost = seen.contour.len() - matches.len();
        normal.cost += report.n_outline_lost as f64 * student(LOST_SIGMAS.powi(2), looking.freedom, 1.0).0;
        let Some(silhouette) = silhouette else { return };

        let points = self.outline_points(&matches, &silhouette, parts, shape, posed);
        let place = self.axes.len() + N_POSE;
        let mut row = vec![0.0; normal.n];
        for (at, found) in matches.iter().enumerate() {
            let evidence = &seen.contour[found.point];
            let edge = &silhouette.edges[found.edge];
            let Some(projected) = posed.camera.project_with_slope(points.positions[at]) else { continue };
            let cloth = evidence.one_sided.then(|| self.cloth_of(edge));
            let mut sigma = evidence.sigma_px.max(0.3);
            let offset_px = match cloth {
                Some(part) => {
                    sigma = sigma.hypot(CLOTH_UNEVEN * posed.own.cloth_px[part]);
                    posed.own.cloth_px[part]
                }
                None => posed.own.outline_offset_px,
            };
            let residual = found.beyond_px + offset_px;
            let (cost, trust) = student((residual / sigma).powi(2), looking.freedom, 1.0);
            let weight = trust / (sigma * sigma);
            let cost = cost.min(student(LOST_SIGMAS.powi(2), looking.freedom, 1.0).0);
            normal.cost += cost;
            report.outline_errors.push(residual);
            // The outline moves with the part of its points' motion that is along its own normal.
            let [nu, nv] = edge.normal.map(|c| f64::from(c) / found.cosine);
            points.fill(&mut row, at, projected.du * nu + projected.dv * nv);
            row[place + 6] =
                (projected.px[0] - posed.camera.centre[0]) * nu + (projected.px[1] - posed.camera.centre[1]) * nv;
            row[place + cloth.map_or(7, |part| 8 + part)] = 1.0;
            normal.add_row(&row, residual, weight);
        }
    }

    /// Which of [`CLOTH_M`] hangs over an edge.
    fn cloth_of(&self, edge: &OutlineEdge) -> usize {
        usize::from(!edge.vertices.iter().any(|v| self.prepared.is_trunk[usize::from(*v)]))
    }

    /// The matched places on the body, between the ends of their edges.
    fn outline_points(
        &self,
        matches: &[Match],
        silhouette: &Silhouette,
        parts: &ShapeParts,
        shape: &Shape,
        posed: &PosedParts<'_>,
    ) -> Points {
        let mut vertices: Vec<u16> = matches.iter().flat_map(|m| silhouette.edges[m.edge].vertices).collect();
        vertices.sort_unstable();
        vertices.dedup();
        let index = |vertex: u16| vertices.binary_search(&vertex).unwrap_or(0) as u32;
        let rest: Vec<DVec3> = vertices.iter().map(|v| shape.rest_vertices[usize::from(*v)].as_dvec3()).collect();
        let rest_by = self.model.rest_by_of(&parts.coefficients, &vertices, &self.axes);
        let mixtures: Vec<Vec<(u32, f64)>> = matches
            .iter()
            .map(|m| {
                let [a, b] = silhouette.edges[m.edge].vertices;
                vec![(index(a), 1.0 - m.at), (index(b), m.at)]
            })
            .collect();
        let set = PointSet::of_vertices(self.model, &vertices, &rest, &rest_by, &mixtures);
        Points::new(self, &set, posed)
    }
}
