//! People, zones and the floor in the window: what is drawn, what is refused, and what clicks ask of the engine.

pub mod crowd;

use std::sync::Arc;

use corporeal::app::figures::{self, Colouring, Figure, Look};
use corporeal::app::{Action, Pane, Theme, stage};
use corporeal::engine::studio::SharedModel;
use corporeal::engine::{Blank, Command, Dense, Dresser, People, ShownPerson, Subjects};
use corporeal::pose::Part;
use corporeal::render::Scene;
use corporeal::types::{Estimate, Joint, Phenotype, Provenance, Site, TrackId, TrackState, Zone, ZoneKind};
use egui::{Key, Modifiers, Pos2, Vec2};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;

use crate::app::{Bench, Setup, lab, open};
use crowd::{person, skeleton, template};

fn theme() -> &'static Theme {
    Theme::dark_or_light(true)
}

fn people(persons: Vec<ShownPerson>) -> People {
    People { persons, ..crowd::people() }
}

fn drawn(persons: Vec<ShownPerson>, look: Look) -> Scene {
    let mut scene = Scene::new(stage::palette(theme()));
    figures::add(&mut scene, &people(persons), &Dense::default(), None, look, theme());
    scene
}

fn nothing() -> Scene {
    Scene::new(stage::palette(theme()))
}

#[test]
fn what_is_refused_is_not_drawn() {
    let look = Look::default();
    let mut no_place = skeleton(1);
    no_place.shown.place = false;
    assert_eq!(drawn(vec![no_place], look), nothing());
    for state in [TrackState::Birth, TrackState::Lost] {
        let mut gone = skeleton(1);
        gone.track.state = state;
        assert_eq!(drawn(vec![gone], look), nothing(), "{state:?}");
    }
    // A place alone: regions and their rims, and no figure or direction.
    let mut place = person(1, [2.0, 2.0]);
    place.shown.template = false;
    place.shown.heading_rad = None;
    let scene = drawn(vec![place.clone()], look);
    assert_eq!((scene.capsules.len(), scene.points.len(), scene.veils.len(), scene.strokes.len()), (0, 0, 0, 2));
    assert!(!scene.floor.is_empty());
    // A direction that the pose has and the evidence does not carry stays out.
    place.track.pose.heading_rad = Some(Estimate::new(0.3, 0.2));
    place.track.pose.joints = skeleton(1).track.pose.joints;
    assert_eq!(drawn(vec![place], look).strokes.len(), 2);
}

#[test]
fn a_skeleton_has_its_joints_in_three_states() {
    let mut shown = skeleton(1);
    let parts = shown.shown.joints.as_mut().expect("a skeleton");
    parts[Joint::LeftWrist as usize] = Part::Hidden;
    parts[Joint::RightWrist as usize] = Part::Greyed;
    let n_visible = parts.iter().filter(|part| **part != Part::Hidden).count();
    let scene = drawn(vec![shown.clone()], Look::default());
    assert_eq!(scene.points.len(), n_visible);
    let grey = stage::rgba(theme().unusable);
    assert_eq!(scene.points.iter().filter(|point| point.color == grey).count(), 1);
    assert_eq!(scene.capsules.iter().filter(|bone| bone.color == grey).count(), 1, "the forearm that ends there");
    assert_eq!(scene.capsules.len(), 12, "the forearm of the hidden wrist is left out, the neck is there");
    assert!(!scene.veils.is_empty(), "shells of the joints' deviation");
    // The nearest joint to where it was put: facing along x, the left is towards y.
    let left = scene.points.iter().map(|point| point.position.y).fold(f32::MIN, f32::max);
    assert!(left > shown.track.pose.root.position_m[1] as f32);
    // A joint that is no number is left out, with its bones.
    let joints = shown.track.pose.joints.as_mut().expect("a skeleton");
    joints[Joint::LeftKnee as usize].position_m = [f32::NAN; 3];
    let scene = drawn(vec![shown], Look::default());
    assert_eq!((scene.points.len(), scene.capsules.len()), (n_visible - 1, 10));
}

#[test]
fn a_template_is_a_ghost_and_claims_no_direction_that_is_not_known() {
    let facing = drawn(vec![template(1)], Look::default());
    assert!(facing.capsules.is_empty() && facing.points.is_empty() && !facing.veils.is_empty());
    let mut unturned = template(1);
    unturned.shown.heading_rad = None;
    let scene = drawn(vec![unturned.clone()], Look::default());
    let [x, y] = unturned.track.pose.root.position_m.map(|value| value as f32);
    let (mut sum, mut n) = (bevy_math::Vec2::ZERO, 0.0);
    for corner in scene.veils.iter().flatten() {
        sum += corner.position.truncate() - bevy_math::Vec2::new(x, y);
        n += 1.0;
    }
    assert!((sum / n).length() < 1e-3, "the same from all sides");
    let disc = drawn(vec![template(1)], Look { figure: Figure::Disc, ..Look::default() });
    assert!(disc.veils.is_empty() && !disc.floor.is_empty());
}

#[test]
fn who_is_not_seen_fades_and_everybody_keeps_a_hue() {
    let mut coasting = template(3);
    coasting.track.state = TrackState::Coasting;
    let alpha = |scene: &Scene| scene.strokes.iter().map(|stroke| stroke.color[3]).max().expect("a rim");
    let (seen, faded) = (drawn(vec![template(3)], Look::default()), drawn(vec![coasting], Look::default()));
    assert!(alpha(&faded) < alpha(&seen) / 2 + 1);
    assert_eq!(faded.strokes[0].color[..3], seen.strokes[0].color[..3]);
    let other = drawn(vec![template(4)], Look::default());
    assert_ne!(other.strokes[0].color[..3], seen.strokes[0].color[..3]);
    // The trail fades over ten seconds and is no longer.
    let trail = &seen.trails[0];
    assert!(trail.points.len() > 3 && trail.points.iter().all(|point| (0.0..=1.0).contains(&point.strength)));
    assert!(trail.points[0].strength < trail.points[trail.points.len() - 1].strength);
}

#[test]
fn zones_and_the_floor_are_drawn_where_they_are() {
    let mut scene = nothing();
    figures::zones::add_zones(&mut scene, &crowd::site(), None, theme());
    assert_eq!(scene.strokes.len(), 2);
    let inside = scene.floor.iter().flatten().all(|corner| corner.position.z == 0.0);
    assert!(inside && !scene.floor.is_empty());
    // An outline with a dent is filled to its area.
    let outline = crowd::site().zones[1].outline.clone();
    let mut scene = nothing();
    let site = Site { zones: vec![crowd::site().zones[1].clone()], ..Site::default() };
    figures::zones::add_zones(&mut scene, &site, None, theme());
    let area: f32 = (scene.floor.iter())
        .map(|[a, b, c]| 0.5 * (b.position - a.position).cross(c.position - a.position).length())
        .sum();
    assert!((f64::from(area) - outline.area_m2()).abs() < 1e-4, "{area} of {}", outline.area_m2());
    let map = crowd::people().floor.expect("a map");
    let heat = figures::heat(&map).expect("somebody was there");
    let mut scene = nothing();
    figures::add_heat(&mut scene, &heat, theme());
    assert!(!scene.floor.is_empty());
    assert!((heat.secs.iter().sum::<f64>() - map.secs.iter().sum::<f64>()).abs() < 1e-9);
}

fn dressed(people: &People, subjects: &Subjects, last: &Dense) -> Dense {
    Dresser::new(SharedModel::default()).dress(people, subjects, last)
}

#[test]
fn bodies_are_posed_for_those_who_may_have_one() {
    let mut refused = skeleton(2);
    refused.shown.place = false;
    let mut unturned = template(3);
    unturned.shown.heading_rad = None;
    let mut arms = skeleton(4);
    arms.shown.joints.as_mut().expect("a skeleton")[Joint::LeftWrist as usize] = Part::Greyed;
    let all = people(vec![skeleton(1), refused, unturned, arms]);
    let dense = dressed(&all, &Subjects::new(), &Dense::default());
    assert_eq!(dense.error, None);
    assert_eq!(dense.bodies.iter().map(|body| body.track.0).collect::<Vec<_>>(), [1, 4]);
    for body in &dense.bodies {
        assert!(body.positions.iter().all(|at| at.is_finite() && at.z >= -1e-4));
        assert_eq!(body.positions.len(), dense.parts.len());
        assert!(body.speed_m_per_s.iter().all(|speed| speed.is_nan()), "nothing is known of speeds yet");
    }
    let hand_is_sure = |n: usize| {
        let mut of_hand = dense.bodies[n].sigma_m.iter().zip(dense.parts.iter()).filter(|(_, part)| **part == 4);
        of_hand.all(|(sigma, _)| sigma.is_finite())
    };
    assert!(hand_is_sure(0) && !hand_is_sure(1), "a greyed hand hangs as the template has it");
    // A step of 20 cm in a tenth of a second.
    let mut next = all.clone();
    for person in &mut next.persons {
        person.track.pose.root.position_m[0] += 0.2;
        person.track.time = person.track.time.plus_secs(0.1);
    }
    let moved = dressed(&next, &Subjects::new(), &dense);
    let speed = moved.bodies[0].speed_m_per_s.iter().sum::<f32>() / moved.bodies[0].speed_m_per_s.len() as f32;
    assert!((speed - 2.0).abs() < 1e-2, "{speed}");
    // A subject's own body is used where one is assigned.
    let mut tall = Phenotype::default();
    tall.set(corporeal::types::PhenotypeAxis::Height, 1.0);
    let subjects = Subjects::from([(TrackId(1), (7, tall))]);
    let subject = dressed(&all, &subjects, &Dense::default());
    assert_eq!(subject.assigned.get(&TrackId(1)), Some(&7));
    let top = |dense: &Dense| dense.bodies[0].positions.iter().map(|at| at.z).fold(0.0, f32::max);
    assert!(top(&subject) > top(&dense) + 0.05);

    let look = Look { figure: Figure::Body, colouring: Colouring::Confidence, ..Look::default() };
    let mut scene = nothing();
    figures::add(&mut scene, &all, &dense, None, look, theme());
    assert_eq!(scene.meshes.len(), 2);
    assert!(scene.meshes.iter().all(|mesh| mesh.colors.as_ref().is_some_and(|c| c.len() == mesh.positions.len())));
    let label = figures::label(&all.persons[0], &dense, Figure::Body);
    assert!(label.ends_with("body template, not measured"), "{label}");
    assert!(figures::label(&all.persons[0], &subject, Figure::Body).ends_with("subject's body, posed by radio"));
}

/// A lab with people, zones, and where time was spent.
pub fn busy(provenance: Provenance) -> corporeal::engine::Snapshot {
    let mut snapshot = lab(provenance, 4, 50.0, 2.0);
    snapshot.people = Arc::new(crowd::people());
    let site = Site { zones: crowd::site().zones, ..Site::clone(&snapshot.site) };
    snapshot.site = Arc::new(site);
    snapshot
}

fn front(bench: &mut Bench, pane: Pane) {
    bench.harness.state_mut().perform(Action::Show(pane));
    bench.harness.run();
}

#[test]
fn people_are_named_on_the_stage_and_in_the_panel_and_can_be_selected() {
    let mut bench = open(busy(Provenance::Live), Setup { size: Vec2::new(1600.0, 1000.0), ..Setup::default() });
    assert!(bench.shows("person 1 · walking · ± 0.3 m"), "a skeleton speaks for itself");
    assert!(bench.shows("person 2 · sitting · ± 0.4 m · posture template"));
    bench.click("person 1 · walking · ± 0.3 m");
    assert_eq!(bench.harness.state().selected_person(), Some(TrackId(1)), "its label selects it");
    front(&mut bench, Pane::People);
    assert!(bench.shows("2 or more 82 %, 1 person 15 %, nobody 3 %"));
    assert!(bench.shows("8 links · pose 0.1 (simulated rooms)"));
    assert!(bench.shows_part("People over time, now 1.9 ± 0.2 people"));
    bench.click("person 2");
    assert_eq!(bench.harness.state().selected_person(), Some(TrackId(2)));
    assert_eq!(bench.take_sent(), []);
    front(&mut bench, Pane::Selection);
    assert!(bench.shows("x 4.30 ± 0.40 m, y 2.60 ± 0.40 m"), "the selection's figures");
    bench.change(|snapshot| snapshot.people = Arc::default());
    assert!(bench.shows("Gone: nobody of this name is followed now"));
}

#[test]
fn an_empty_stage_says_why_and_what_would_help() {
    let mut snapshot = busy(Provenance::Live);
    let blank = |reason: &str, remedy: &str| Blank { reason: reason.to_owned(), remedy: remedy.to_owned() };
    snapshot.people = Arc::new(People {
        persons: Vec::new(),
        blank: vec![blank("The radios are not placed", "Set up the room"), blank("Two links", "Add links")],
        count: None,
        ..crowd::people()
    });
    let mut bench = open(snapshot, Setup::default());
    for words in ["No people are shown", "The radios are not placed", "Set up the room", "1 more in the People panel"] {
        assert!(bench.shows(words), "{words}");
    }
    assert!(!bench.shows_part("person 1"));
    front(&mut bench, Pane::People);
    assert!(bench.shows("Two links") && bench.shows("How many people is not known"));
}

#[test]
fn simulated_truth_is_named_and_can_be_hidden() {
    let mut bench = open(busy(Provenance::Simulated), Setup::default());
    assert!(bench.shows("simulated truth"));
    bench.click("Truth");
    assert!(!bench.shows("simulated truth"));
    assert!(!open(busy(Provenance::Live), Setup::default()).shows("Truth"), "nothing of the kind in a real room");
}

#[test]
fn bodies_are_posed_while_they_are_looked_at() {
    let mut bench = open(busy(Provenance::Live), Setup::default());
    assert_eq!(bench.take_sent(), []);
    bench.click("Dense body");
    assert_eq!(bench.take_sent(), [Command::PoseBodies(true)]);
    assert!(bench.shows("Confidence"), "the colours of bodies can be chosen");
    bench.click("Disc");
    assert_eq!(bench.take_sent(), [Command::PoseBodies(false)]);
    let stored = bench.harness.state().stored().expect("settings");
    assert!(stored.contains("\"figure\":\"Disc\""), "the choice is remembered");
}

/// The window seen from above, drawing a zone; answers the middle of the stage.
fn drawing(snapshot: corporeal::engine::Snapshot) -> (Bench, Pos2) {
    let mut bench = open(snapshot, Setup { size: Vec2::new(1600.0, 1000.0), ..Setup::default() });
    bench.harness.state_mut().perform(Action::ViewTop);
    bench.harness.run();
    bench.key(Modifiers::NONE, Key::Z);
    assert!(bench.shows_part("Click the corners of a zone"));
    let middle = bench.harness.get_by_label("Room view").rect().center();
    (bench, middle)
}

fn click_at(bench: &mut Bench, pos: Pos2) {
    // One step each: a press that lasts longer is no click.
    bench.harness.hover_at(pos);
    bench.harness.step();
    bench.harness.drag_at(pos);
    bench.harness.step();
    bench.harness.drop_at(pos);
    bench.harness.run();
    // Far enough apart in time to be no double-click.
    bench.harness.run_steps(4);
}

#[track_caller]
fn new_zone(bench: &mut Bench) -> Zone {
    match bench.take_sent().as_slice() {
        [Command::SetSite(site)] => site.zones.last().expect("a zone").clone(),
        other => panic!("{other:?}"),
    }
}

fn bare() -> corporeal::engine::Snapshot {
    lab(Provenance::Live, 2, 50.0, 2.0)
}

#[test]
fn a_zone_is_drawn_by_clicking_its_corners() {
    let (mut bench, middle) = drawing(bare());
    let square = [[-60.0, -40.0], [60.0, -40.0], [60.0, 40.0], [-60.0, 40.0]];
    for [x, y] in square {
        click_at(&mut bench, middle + egui::vec2(x, y));
    }
    assert_eq!(bench.take_sent(), [], "not before it is closed");
    bench.key(Modifiers::NONE, Key::Enter);
    let zone = new_zone(&mut bench);
    assert_eq!((zone.outline.corners_m().len(), zone.kind), (4, ZoneKind::Ordinary));
    let [x, y] = zone.outline.centroid_m();
    // The stage is fitted to the room of 6 by 4.4 metres.
    assert!((x - 3.0).abs() < 0.3 && (y - 2.2).abs() < 0.5, "{x} {y}");
    assert!(!bench.shows_part("Click the corners"), "the tool is put away");

    // The first corner closes, too; Backspace takes one back.
    let (mut bench, middle) = drawing(bare());
    for [x, y] in square {
        click_at(&mut bench, middle + egui::vec2(x, y));
    }
    bench.key(Modifiers::NONE, Key::Backspace);
    click_at(&mut bench, middle + egui::vec2(-60.0, -40.0));
    assert_eq!(new_zone(&mut bench).outline.corners_m().len(), 3);
}

/// Holds the pointer down from one place to another; what is on screen before it is let go can be looked at.
fn hold_and_move(bench: &mut Bench, from: Pos2, to: Pos2) {
    bench.harness.hover_at(from);
    bench.harness.run();
    bench.harness.drag_at(from);
    bench.harness.run();
    for share in [0.3, 0.7, 1.0] {
        bench.harness.hover_at(from.lerp(to, share));
        bench.harness.run();
    }
}

fn drag(bench: &mut Bench, from: Pos2, to: Pos2) {
    hold_and_move(bench, from, to);
    bench.harness.drop_at(to);
    bench.harness.run();
}

#[test]
fn a_drag_makes_a_rectangle_and_does_not_turn_the_room() {
    let (mut bench, middle) = drawing(bare());
    let (from, to) = (middle - egui::vec2(80.0, 50.0), middle + egui::vec2(40.0, 30.0));
    drag(&mut bench, from, to);
    let outline = new_zone(&mut bench).outline;
    assert_eq!(outline.corners_m().len(), 4);
    let (width, depth) = crowd::extent(&outline);
    assert!((width / depth - 120.0 / 80.0).abs() < 0.15, "{width} by {depth}: seen from above, it is as it was drawn");
}

#[test]
fn a_corner_of_the_selected_zone_is_dragged_elsewhere_and_back() {
    let (mut bench, middle) = drawing(bare());
    let (from, to) = (middle - egui::vec2(80.0, 50.0), middle + egui::vec2(40.0, 30.0));
    drag(&mut bench, from, to);
    let zone = new_zone(&mut bench);
    let mut snapshot = bare();
    snapshot.site = Site { zones: vec![zone.clone()], ..Site::clone(&snapshot.site) }.into();
    let mut bench = open(snapshot, Setup { size: Vec2::new(1600.0, 1000.0), ..Setup::default() });
    bench.harness.state_mut().perform(Action::ViewTop);
    front(&mut bench, Pane::Zones);
    bench.click("Select Zone 1");
    // Its corner is where the drag that drew it ended.
    drag(&mut bench, to, to + egui::vec2(60.0, 0.0));
    let moved = new_zone(&mut bench);
    let differing = |a: &Zone, b: &Zone| {
        let corners = |zone: &Zone| zone.outline.corners_m().to_vec();
        corners(a).into_iter().filter(|corner| !corners(b).contains(corner)).count()
    };
    assert_eq!((differing(&moved, &zone), moved.outline.corners_m().len()), (1, 4), "{moved:?}");
    assert!(moved.outline.area_m2() > 1.2 * zone.outline.area_m2());
    bench.harness.state_mut().perform(Action::Undo);
    bench.harness.run();
    assert_eq!(new_zone(&mut bench), zone);
    // Across the opposite side it is no outline: nothing changes, and why is said.
    let beyond = middle - egui::vec2(200.0, 20.0);
    hold_and_move(&mut bench, to, beyond);
    assert!(bench.shows_part("two sides cross or touch"));
    bench.harness.drop_at(beyond);
    bench.harness.run();
    assert_eq!(bench.take_sent(), []);
    assert!(!bench.shows_part("Moving a corner"));
}

#[test]
fn a_wrong_outline_says_what_to_do_and_escape_gives_up() {
    let (mut bench, middle) = drawing(bare());
    bench.key(Modifiers::NONE, Key::Enter);
    assert!(bench.shows_part("a zone needs at least three corners"));
    for [x, y] in [[-60.0, -40.0], [60.0, 40.0], [60.0, -40.0], [-60.0, 40.0]] {
        click_at(&mut bench, middle + egui::vec2(x, y));
    }
    bench.key(Modifiers::NONE, Key::Enter);
    assert!(bench.shows_part("two sides cross or touch"));
    bench.key(Modifiers::NONE, Key::Escape);
    assert!(!bench.shows_part("two sides cross or touch"));
    assert_eq!(bench.take_sent(), []);
}

#[test]
fn zones_are_listed_edited_and_taken_back() {
    let mut bench = open(busy(Provenance::Live), Setup { size: Vec2::new(1600.0, 1000.0), ..Setup::default() });
    front(&mut bench, Pane::Zones);
    assert!(bench.shows("1 inside (0.9 ± 0.3)") && bench.shows("not judged"));
    bench.click("Delete Door");
    let sent = bench.take_sent();
    let [Command::SetSite(without)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(without.zones.len(), 1);
    let without = without.clone();
    bench.change(|snapshot| snapshot.site = Arc::new(without));
    bench.key(Modifiers::COMMAND, Key::Z);
    let sent = bench.take_sent();
    let [Command::SetSite(again)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(again.zones, crowd::site().zones);
    let again = again.clone();
    bench.change(|snapshot| snapshot.site = Arc::new(again));
    bench.click("Redo zone");
    assert!(matches!(bench.take_sent().as_slice(), [Command::SetSite(site)] if site.zones.len() == 1));

    bench.harness.get_by_label("Name of Bed").focus();
    bench.harness.run();
    bench.harness.get_by_label("Name of Bed").type_text(" 2");
    bench.harness.run();
    bench.key(Modifiers::NONE, Key::Enter);
    let sent = bench.take_sent();
    let [Command::SetSite(renamed)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(renamed.zones[0].name, "Bed 2");
}

#[test]
fn zones_of_a_live_site_are_remembered_and_those_of_a_recording_are_not() {
    for (provenance, kept) in [(Provenance::Live, true), (Provenance::Replay, false)] {
        let (mut bench, middle) = drawing(lab(provenance, 2, 50.0, 2.0));
        for [x, y] in [[-60.0, -40.0], [60.0, -40.0], [60.0, 40.0]] {
            click_at(&mut bench, middle + egui::vec2(x, y));
        }
        bench.key(Modifiers::NONE, Key::Enter);
        let zone = new_zone(&mut bench);
        let stored = bench.harness.state().stored();
        let mut again = open(bare(), Setup { stored, ..Setup::default() });
        let offered = again.take_sent();
        match kept {
            true => assert!(matches!(offered.as_slice(), [Command::SetSite(site)] if site.zones == [zone])),
            false => assert_eq!(offered, []),
        }
    }
}

/// What a reader must see: people, zones and the floor's map beside the simulator's truth, bodies, and an empty stage.
#[test]
fn people_look_as_they_should() {
    let mut results = SnapshotResults::new();
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let setup = Setup { theme, size: Vec2::new(1280.0, 800.0), wgpu: true, ..Setup::default() };
        let mut bench = open(busy(Provenance::Simulated), setup);
        front(&mut bench, Pane::People);
        if theme == egui::Theme::Light {
            bench.click("person 2");
        }
        bench.harness.snapshot(format!("people_{name}"));
        results.extend_harness(&mut bench.harness);

        let setup = Setup { theme, size: Vec2::new(1920.0, 1080.0), wgpu: true, ..Setup::default() };
        let mut snapshot = busy(Provenance::Live);
        snapshot.dense = Arc::new(dressed(&snapshot.people, &Subjects::new(), &Dense::default()));
        let mut bench = open(snapshot, setup);
        front(&mut bench, Pane::Zones);
        bench.click("Heat");
        bench.click("Dense body");
        bench.harness.snapshot(format!("people_bodies_{name}"));
        results.extend_harness(&mut bench.harness);
    }
    let mut snapshot = busy(Provenance::Live);
    let reason = "2 links are too few for a body".to_owned();
    let remedy = "Add radios: three links tell a posture, eight a skeleton".to_owned();
    let blank = vec![Blank { reason, remedy }];
    snapshot.people = Arc::new(People { persons: Vec::new(), blank, ..crowd::people() });
    let setup = Setup { size: Vec2::new(1280.0, 800.0), wgpu: true, ..Setup::default() };
    let mut bench = open(snapshot, setup);
    front(&mut bench, Pane::People);
    bench.harness.snapshot("people_blank");
    results.extend_harness(&mut bench.harness);
}
