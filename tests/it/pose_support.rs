//! Outside what a network was made for, the reasons are named, and the two-sided test sees both sides.

use corporeal::pose::support::{Conditions, Familiarity, Unsupported, hard_gates};

const GOOD: Conditions = Conditions {
    n_links: 8,
    n_without_geometry: 0,
    packets_per_sec: 100.0,
    longest_gap_secs: 0.02,
    snr_db: 25.0,
    movement_db: 20.0,
};

#[track_caller]
fn check_gates(conditions: Conditions, expected: &[Unsupported]) {
    let failed = hard_gates(&conditions);
    assert_eq!(failed, expected);
    for reason in failed {
        assert!(!reason.reason().is_empty() && !reason.remedy().is_empty());
    }
}

#[test]
fn each_hard_gate_names_what_is_the_matter() {
    check_gates(GOOD, &[]);
    check_gates(Conditions { n_links: 3, packets_per_sec: 80.0, snr_db: 15.0, ..GOOD }, &[]);
    check_gates(Conditions { n_links: 1, ..GOOD }, &[Unsupported::FewLinks { n: 1 }]);
    check_gates(
        Conditions { n_links: 0, n_without_geometry: 8, ..GOOD },
        &[Unsupported::NoGeometry { n_links: 8 }, Unsupported::FewLinks { n: 0 }],
    );
    check_gates(Conditions { n_without_geometry: 2, ..GOOD }, &[]);
    check_gates(Conditions { packets_per_sec: 79.0, ..GOOD }, &[Unsupported::LowRate { packets_per_sec: 79.0 }]);
    check_gates(Conditions { longest_gap_secs: 0.06, ..GOOD }, &[Unsupported::Gap { secs: 0.06 }]);
    check_gates(Conditions { snr_db: 7.0, ..GOOD }, &[Unsupported::Faint { snr_db: 7.0 }]);
}

#[test]
fn a_figure_that_is_no_number_fails_its_gate() {
    let nan = Conditions { packets_per_sec: f32::NAN, longest_gap_secs: f32::NAN, snr_db: f32::NAN, ..GOOD };
    assert_eq!(hard_gates(&nan).len(), 3);
}

/// Two features; `C⁻¹ = L·Lᵀ` with L = [[2, 0], [1, 3]].
fn familiar() -> Familiarity {
    let familiarity =
        Familiarity { mean: vec![1.0, -1.0], factor: vec![2.0, 1.0, 3.0], distance: [1.0, 50.0], sigma_m: 0.5 };
    familiarity.checked().expect("sizes fit")
}

#[test]
fn distance_is_that_of_the_matrix() {
    // d = (1, 2): Lᵀ·d = (2·1 + 1·2, 3·2) = (4, 6).
    assert_eq!(familiar().distance_squared(&[2.0, 1.0]), Some(52.0));
    assert_eq!(familiar().distance_squared(&[1.0, -1.0]), Some(0.0));
    assert_eq!(familiar().distance_squared(&[1.0]), None);
}

#[test]
fn too_far_too_near_and_too_uncertain_are_told_apart() {
    let judge = |features: [f32; 2], sigma_m| familiar().judge(&features, sigma_m);
    assert_eq!(judge([2.0, 0.0], 0.2), []);
    assert_eq!(judge([2.0, 1.0], 0.2), [Unsupported::Strange { too_far: true }]);
    assert_eq!(judge([1.0, -1.0], 0.2), [Unsupported::Strange { too_far: false }]);
    assert_eq!(judge([2.0, 0.0], 0.7), [Unsupported::Uncertain { sigma_m: 0.7 }]);
    assert_eq!(judge([f32::NAN, 0.0], 0.2), [Unsupported::Broken]);
    assert_eq!(judge([2.0, 0.0], f32::NAN), [Unsupported::Broken]);
}

#[test]
fn a_description_that_does_not_fit_together_is_refused() {
    let good = familiar();
    for broken in [
        Familiarity { mean: vec![0.0; 3], ..good.clone() },
        Familiarity { mean: Vec::new(), factor: Vec::new(), ..good.clone() },
        Familiarity { factor: vec![f32::NAN, 1.0, 3.0], ..good.clone() },
        Familiarity { distance: [2.0, 1.0], ..good.clone() },
        Familiarity { sigma_m: 0.0, ..good.clone() },
    ] {
        assert_eq!(broken.checked(), None);
    }
}
