//! Outlines of shapes that are known exactly, and masks of meshes.

use bevy_math::DVec2;
use corporeal::body::silhouette::{self, Outline, mask_iou, mesh_mask};
use corporeal::types::Mask;

/// A mask of the part of each pixel that lies where `distance` (positive outside, in pixels) is negative, softened so
/// that the probability falls from 1 to 0 over `soft_px`.
fn mask_of(width: u32, height: u32, soft_px: f64, distance: impl Fn(DVec2) -> f64) -> Mask {
    let probability: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5)))
        .map(|centre| ((0.5 - distance(centre) / soft_px).clamp(0.0, 1.0) * 255.0).round() as u8)
        .collect();
    Mask { width, height, probability: probability.into(), seen: None }
}

fn circle(centre: DVec2, radius: f64) -> impl Fn(DVec2) -> f64 {
    move |p| p.distance(centre) - radius
}

fn axis_box(low: DVec2, high: DVec2) -> impl Fn(DVec2) -> f64 {
    move |p| {
        let d = (low - p).max(p - high);
        d.max(DVec2::ZERO).length() + d.max_element().min(0.0)
    }
}

/// Points at most `tolerance_px` from a line, normals along the line's, counting points of one loop.
#[track_caller]
fn check_on(outline: &Outline, loop_idx: u32, tolerance_px: f64, distance: impl Fn(DVec2) -> f64) {
    let points: Vec<_> = outline.points.iter().filter(|point| point.loop_idx == loop_idx).collect();
    assert!(points.len() > 20, "{} points", points.len());
    for point in points {
        let off = distance(point.position);
        assert!(off.abs() < tolerance_px, "{off} px off at {}", point.position);
        let step = 0.5;
        let out = distance(point.position + point.normal * step) - off;
        assert!(out > step * 0.98, "the normal at {} does not point outwards", point.position);
        assert!((point.normal.length() - 1.0).abs() < 1e-9);
    }
}

#[test]
fn circles_and_ellipses_are_found_to_a_tenth_of_a_pixel() {
    for (radius, soft_px) in [(12.3, 1.0), (60.7, 1.0), (60.7, 6.0), (200.2, 12.0)] {
        let centre = DVec2::new(256.3, 249.8);
        let outline = silhouette::outline(&mask_of(512, 500, soft_px, circle(centre, radius)), 240);
        check_on(&outline, 0, 0.1, circle(centre, radius));
        assert_eq!(outline.points.len(), 240);
        let length = std::f64::consts::TAU * radius;
        assert!((outline.step_px * 240.0 / length - 1.0).abs() < 0.01);
        assert!(!outline.loops[0].is_hole && outline.loops[0].cut_off == 0.0);
    }
    // Distance to an ellipse to first order: exact enough for thin bands.
    let (centre, axes) = (DVec2::new(150.4, 220.9), DVec2::new(60.0, 170.0));
    let ellipse = move |p: DVec2| {
        let q = (p - centre) / axes;
        let f = q.length() - 1.0;
        f / (q / axes / q.length().max(1e-9)).length()
    };
    let outline = silhouette::outline(&mask_of(300, 440, 1.0, ellipse), 300);
    check_on(&outline, 0, 0.1, ellipse);
}

#[test]
fn the_sides_of_a_square_are_straight_and_its_points_evenly_spaced() {
    let (low, high) = (DVec2::new(40.25, 60.6), DVec2::new(200.75, 221.1));
    let square = axis_box(low, high);
    let outline = silhouette::outline(&mask_of(260, 300, 1.0, &square), 200);
    let corner_distance = |p: DVec2| (p - low).abs().min((p - high).abs()).max_element();
    let n_corner = outline.points.iter().filter(|point| corner_distance(point.position) < 4.0).count();
    assert!(n_corner < 30, "{n_corner}");
    for point in outline.points.iter().filter(|point| corner_distance(point.position) >= 4.0) {
        assert!(square(point.position).abs() < 0.1, "{} px off", square(point.position));
        let is_near_corner = corner_distance(point.position) < 8.0;
        assert!(point.normal.abs().max_element() > if is_near_corner { 0.9 } else { 0.999 }, "{}", point.normal);
    }
    for pair in outline.points.windows(2) {
        let distance = pair[0].position.distance(pair[1].position);
        assert!((distance / outline.step_px - 1.0).abs() < 0.3, "{distance} instead of {}", outline.step_px);
    }
}

#[test]
fn a_mask_of_yes_and_no_gives_a_smooth_outline_too() {
    let centre = DVec2::new(128.2, 127.1);
    let hard = mask_of(256, 256, 1e-9, circle(centre, 90.0));
    let outline = silhouette::outline(&hard, 220);
    for point in &outline.points {
        let radial = (point.position - centre).normalize();
        assert!((point.position.distance(centre) - 90.0).abs() < 0.5, "{}", point.position.distance(centre));
        assert!(point.normal.dot(radial) > 0.98);
        assert!(point.sigma_px < 0.8);
    }
    let mean: f64 = outline.points.iter().map(|p| p.position.distance(centre) - 90.0).sum::<f64>() / 220.0;
    assert!(mean.abs() < 0.03, "biased by {mean} px");
}

#[test]
fn large_holes_are_outlines_and_specks_are_not() {
    let body = circle(DVec2::new(120.0, 130.0), 80.0);
    let arm_hole = circle(DVec2::new(100.0, 120.0), 20.0);
    let pinhole = circle(DVec2::new(150.0, 150.0), 2.0);
    let speck = circle(DVec2::new(250.0, 40.0), 12.0);
    let shape = |p: DVec2| body(p).max(-arm_hole(p)).max(-pinhole(p)).min(speck(p));
    let outline = silhouette::outline(&mask_of(300, 260, 1.0, shape), 300);
    assert_eq!(outline.loops.iter().map(|line| line.is_hole).collect::<Vec<_>>(), [false, true]);
    check_on(&outline, 0, 0.1, body);
    check_on(&outline, 1, 0.1, |p| -arm_hole(p));
    let area = std::f64::consts::PI * 80.0 * 80.0;
    assert!((outline.loops[0].area_px / area - 1.0).abs() < 0.01);
}

#[test]
fn what_the_border_of_the_picture_cuts_off_is_no_outline() {
    // Half of the circle is below the picture, and a bit left of it.
    let shape = circle(DVec2::new(60.0, 200.0), 80.0);
    let outline = silhouette::outline(&mask_of(300, 200, 1.0, &shape), 200);
    check_on(&outline, 0, 0.15, &shape);
    assert!(outline.points.iter().all(|p| p.position.x > 1.0 && p.position.y < 199.0));
    assert!((0.3..0.6).contains(&outline.loops[0].cut_off), "{}", outline.loops[0].cut_off);
    // All of the picture is a person: nothing is known of the outline.
    let full = mask_of(64, 64, 1.0, |_| -10.0);
    assert!(silhouette::outline(&full, 100).points.is_empty());
}

#[test]
fn a_soft_edge_is_less_certain() {
    let centre = DVec2::new(150.0, 150.0);
    // Right half sharp, left half falling over 16 px.
    let probability = |p: DVec2| {
        let soft = if p.x < 150.0 { 16.0 } else { 1.0 };
        (p.distance(centre) - 100.0) / soft
    };
    let outline = silhouette::outline(&mask_of(300, 300, 1.0, probability), 240);
    for point in &outline.points {
        // From 0.1 to 0.9 are 0.8 of the fall.
        let expected = 16.0 * 0.8 / 2.563;
        match point.position.x {
            ..135.0 => assert!((point.sigma_px / expected - 1.0).abs() < 0.25, "{}", point.sigma_px),
            165.0.. => assert!((0.4..0.7).contains(&point.sigma_px), "{}", point.sigma_px),
            _ => {}
        }
    }
}

#[test]
fn empty_and_broken_masks_have_no_outline() {
    for mask in [
        mask_of(64, 64, 1.0, |_| 9.0),
        Mask { width: 0, height: 0, probability: Vec::new().into(), seen: None },
        Mask { width: 9, height: 9, probability: vec![255; 7].into(), seen: None },
        Mask { width: u32::MAX, height: u32::MAX, probability: vec![255; 7].into(), seen: None },
    ] {
        assert_eq!(silhouette::outline(&mask, 200), Outline::default());
    }
    let dot = mask_of(1, 1, 1.0, |_| -9.0);
    assert!(silhouette::outline(&dot, 200).points.is_empty());
    assert!(silhouette::outline(&mask_of(64, 64, 1.0, circle(DVec2::splat(32.0), 20.0)), 0).points.is_empty());
}

/// A disc of triangles around its centre.
fn fan(centre: DVec2, radius: f64, n: u32) -> (Vec<DVec2>, Vec<[u32; 3]>) {
    let rim = (0..n).map(|i| centre + radius * DVec2::from_angle(f64::from(i) / f64::from(n) * std::f64::consts::TAU));
    let vertices = std::iter::once(centre).chain(rim).collect();
    (vertices, (0..n).map(|i| [0, 1 + i, 1 + (i + 1) % n]).collect())
}

#[test]
fn the_mask_of_a_mesh_covers_what_its_triangles_cover() {
    let centre = DVec2::new(100.3, 90.6);
    let (vertices, mut triangles) = fan(centre, 70.0, 256);
    let mask = mesh_mask(&vertices, &triangles, 200, 180);
    let expected = mask_of(200, 180, 1.0, circle(centre, 70.0));
    assert!(mask_iou(&mask, &expected).expect("same size") > 0.995);
    let covered: f64 = mask.probability.iter().map(|value| f64::from(*value) / 255.0).sum();
    assert!((covered / (std::f64::consts::PI * 70.0 * 70.0) - 1.0).abs() < 0.001, "{covered}");
    // No seam between triangles, no difference for facing, order or twice the same.
    assert_eq!(mask.probability[90 * 200 + 100], 255);
    assert!(mask.probability.iter().filter(|value| **value > 0 && **value < 255).count() < 500);
    triangles.reverse();
    triangles.extend_from_slice(&triangles.clone().iter().map(|[a, b, c]| [*c, *b, *a]).collect::<Vec<_>>());
    assert_eq!(mesh_mask(&vertices, &triangles, 200, 180), mask);
    // The outline comes back.
    check_on(&silhouette::outline(&mask, 200), 0, 0.15, circle(centre, 70.0));
}

#[test]
fn meshes_beyond_the_picture_and_broken_ones_are_no_trouble() {
    let (mut vertices, mut triangles) = fan(DVec2::new(-20.0, 500.0), 300.0, 64);
    vertices[5] = DVec2::new(f64::NAN, 3.0);
    vertices[9] = DVec2::new(f64::INFINITY, 3.0);
    triangles.push([0, 1, 9_999]);
    let mask = mesh_mask(&vertices, &triangles, 100, 300);
    assert_eq!(mask.probability.len(), 30_000);
    assert!(mask.probability.contains(&255));
    assert!(mesh_mask(&[], &[[0, 1, 2]], 10, 10).probability.iter().all(|value| *value == 0));
    assert_eq!(mesh_mask(&vertices, &triangles, 0, 0).probability.len(), 0);
    let huge = [DVec2::new(-1e12, -1e12), DVec2::new(1e12, -1e12), DVec2::new(0.0, 1e12)];
    assert!(mesh_mask(&huge, &[[0, 1, 2]], 10, 10).probability.iter().all(|value| *value == 255));
}

#[test]
fn overlap_is_the_shared_part_of_both() {
    let square = |left: f64| mask_of(100, 100, 1.0, axis_box(DVec2::new(left, 20.0), DVec2::new(left + 40.0, 60.0)));
    assert_eq!(mask_iou(&square(10.0), &square(10.0)), Some(1.0));
    assert_eq!(mask_iou(&square(10.0), &square(30.0)), Some(1.0 / 3.0));
    assert_eq!(mask_iou(&square(10.0), &square(55.0)), Some(0.0));
    let empty = mask_of(100, 100, 1.0, |_| 9.0);
    assert_eq!((mask_iou(&empty, &empty), mask_iou(&empty, &mask_of(10, 10, 1.0, |_| -9.0))), (None, None));
}

/// A network that looked at a square sees a body that ends where the square does.
#[test]
fn the_edge_of_what_was_looked_at_is_no_outline() {
    // A wide body, of which the right part was not looked at.
    let mut mask = mask_of(200, 200, 1.0, |p| if p.x < 120.0 { (p.y - 100.0).abs() - 40.0 } else { 9.0 });
    let cut = silhouette::outline(&mask, 300);
    assert!(cut.points.iter().any(|point| point.normal.x > 0.9), "a straight end at the right");
    mask.seen = Some([[-80.0, 0.0], [120.0, 0.0], [120.0, 200.0], [-80.0, 200.0]]);
    let seen = silhouette::outline(&mask, 300);
    assert!(seen.points.iter().all(|point| point.normal.x < 0.5 && point.position.x < 118.0), "which is none");
    assert!(seen.points.len() > 100, "above and below there is one");
}
