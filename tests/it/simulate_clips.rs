//! Our gait and our getting up beside recorded ones: speeds of joints and heights of the pelvis.

use bevy_math::Vec3;
use corporeal::simulate::{Clip, PersonSpec, RecordedMotion, SceneOptions, Script, Simulator, SimulatorSpec, Step};
use corporeal::types::{Activity, Room, Timestamp, TruthJoint};

/// A recorded clip; `None`, with a printed reason, where the folder is absent.
fn clip(name: &str) -> Option<Clip> {
    Some(Clip::parse(&text(name)?).expect("a clip"))
}

fn text(name: &str) -> Option<String> {
    let root = std::env::var_os("CORPOREAL_SHARED").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        std::path::PathBuf::from,
    );
    let path = root.join("data/motion/deepmimic/motions").join(format!("humanoid3d_{name}.txt"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("SKIPPED: needs ../shared/data/motion/deepmimic/motions/humanoid3d_{name}.txt");
        return None;
    };
    Some(text)
}

/// TruthJoint paths of a scripted person of the clips' size, 1.68 m, during one activity, every 1/30 s.
fn ours(steps: Vec<Step>, seed: u64, activities: &[Activity]) -> Vec<Vec<Vec3>> {
    let spec = SimulatorSpec {
        room: Room { width_m: 12.0, depth_m: 6.0, height_m: 2.5 },
        people: vec![PersonSpec {
            height_m: 1.68,
            weight_kg: 66.0,
            seed,
            script: Some(Script { steps, repeats: false }),
            ..PersonSpec::default()
        }],
        ..SimulatorSpec::default()
    };
    let simulator = Simulator::new(&spec);
    let n = (simulator.script_end().secs_f64() * 30.0) as usize;
    (0..n)
        .filter_map(|i| simulator.scene_truth(Timestamp::from_secs_f64(i as f64 / 30.0)).people.pop())
        .filter(|truth| activities.contains(&truth.activity))
        .map(|truth| truth.joints_m.iter().map(|joint| Vec3::from(*joint)).collect())
        .collect()
}

/// 50 and 90 % quantiles.
fn quantiles(values: impl Iterator<Item = f32>) -> [f32; 2] {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    [0.5, 0.9].map(|share| values[((values.len() - 1) as f32 * share) as usize])
}

fn speeds(path: &[Vec3], secs: f32) -> [f32; 2] {
    quantiles(path.windows(2).map(|pair| pair[0].distance(pair[1]) / secs))
}

const CHECKED: [TruthJoint; 5] =
    [TruthJoint::Pelvis, TruthJoint::LeftKnee, TruthJoint::RightAnkle, TruthJoint::LeftElbow, TruthJoint::RightWrist];

#[test]
fn our_walk_has_the_joint_speeds_of_a_recorded_walk() {
    let Some(walk) = clip("walk") else { return };
    let path = |joint: TruthJoint| walk.path(joint).expect("it has this joint").collect::<Vec<_>>();
    let pelvis = path(TruthJoint::Pelvis);
    let secs = walk.frame_secs * (pelvis.len() - 1) as f32;
    let speed_m_per_s = pelvis[0].distance(pelvis[pelvis.len() - 1]) / secs;
    println!("recorded walk at {speed_m_per_s:.2} m/s");
    let mut ratios = Vec::new();
    for joint in CHECKED {
        let recorded = speeds(&path(joint), walk.frame_secs);
        let mut made = [0.0f32; 2];
        let n = 6;
        for seed in 0..n {
            let steps = vec![
                Step::Appear { at: [0.6, 3.0], heading_rad: 0.0 },
                Step::Walk { to: vec![[11.4, 3.0]], speed_m_per_s },
            ];
            let poses = ours(steps, seed, &[Activity::Walking]);
            let middle = &poses[45..poses.len() - 45];
            let own: Vec<Vec3> = middle.iter().map(|pose| pose[joint as usize]).collect();
            let [half, most] = speeds(&own, 1.0 / 30.0);
            made = [made[0] + half / n as f32, made[1] + most / n as f32];
        }
        println!("{joint:?}: recorded {recorded:.2?}, ours {made:.2?} m/s (50 and 90 %)");
        ratios.push((joint, made[1] / recorded[1]));
    }
    for (joint, ratio) in ratios {
        assert!((0.65..1.5).contains(&ratio), "{joint:?} moves {ratio} times as fast");
    }
    let span = |heights: &mut dyn Iterator<Item = f32>| {
        let (low, high) = heights.fold((f32::INFINITY, 0.0f32), |(low, high), z| (low.min(z), high.max(z)));
        (low, high - low)
    };
    let recorded = span(&mut pelvis.iter().map(|place| place.z));
    let steps =
        vec![Step::Appear { at: [0.6, 3.0], heading_rad: 0.0 }, Step::Walk { to: vec![[11.4, 3.0]], speed_m_per_s }];
    let poses = ours(steps, 1, &[Activity::Walking]);
    let made = span(&mut poses[45..poses.len() - 45].iter().map(|pose| pose[TruthJoint::Pelvis as usize].z));
    println!("pelvis: recorded {recorded:.3?}, ours {made:.3?} m (lowest, rise and fall)");
    assert!(made.1 < 0.11 && (made.0 - recorded.0).abs() < 0.1);
}

#[test]
fn our_getting_up_is_like_a_recorded_one() {
    let (Some(front), Some(back)) = (clip("getup_facedown"), clip("getup_faceup")) else { return };
    for (clip, on_back) in [(front, false), (back, true)] {
        let pelvis: Vec<Vec3> = clip.path(TruthJoint::Pelvis).expect("it has a pelvis").collect();
        let [_, recorded] = speeds(&pelvis, clip.frame_secs);
        let recorded_secs = clip.frame_secs * pelvis.len() as f32;
        let steps = vec![
            Step::Appear { at: [5.0, 3.0], heading_rad: 0.0 },
            Step::LieOnFloor { on_back },
            Step::Hold { secs: 1.0 },
            Step::GetUp,
        ];
        let mut secs = Vec::new();
        for seed in 0..6 {
            let poses = ours(steps.clone(), seed, &[Activity::GettingUp]);
            let own: Vec<Vec3> = poses.iter().map(|pose| pose[TruthJoint::Pelvis as usize]).collect();
            let [_, made] = speeds(&own, 1.0 / 30.0);
            secs.push(own.len() as f32 / 30.0);
            println!(
                "on back {on_back}: recorded {recorded:.2} m/s in {recorded_secs:.1} s, ours {made:.2} in {:.1}",
                secs[seed as usize]
            );
            assert!((0.3..2.0).contains(&(made / recorded)), "{made} against {recorded} m/s");
            let (low, high) = own.iter().fold((f32::INFINITY, 0.0f32), |(low, high), p| (low.min(p.z), high.max(p.z)));
            assert!(low < 0.2 && high > 0.75, "{low} to {high} m");
        }
    }
}

#[test]
fn what_is_no_clip_is_none() {
    for text in ["", "{}", "[1, 2]", r#"{"Frames": []}"#, r#"{"Loop": "wrap", "Frames": [[0.1, 2.0], [0.1]]}"#] {
        assert_eq!(Clip::parse(text), None, "{text}");
    }
}

fn recorded(name: &str) -> Option<RecordedMotion> {
    let motion = RecordedMotion::new(name, &text(name)?).expect("a motion of daily life");
    let expected = match name {
        "walk" | "run" => Activity::Walking,
        "getup_facedown" => Activity::GettingUp,
        _ => Activity::Crawling,
    };
    assert_eq!(motion.activity, expected, "{name}");
    Some(motion)
}

#[test]
fn recorded_motion_is_played_at_the_persons_own_size_inside_the_room() {
    for name in ["walk", "run", "crawl", "roll", "getup_facedown"] {
        let Some(motion) = recorded(name) else { return };
        let (activity, secs) = (motion.activity, motion.clip.frame_secs);
        let pelvis: Vec<Vec3> = motion.clip.path(TruthJoint::Pelvis).expect("a pelvis").collect();
        let n_played = pelvis.len().min((12.0 / secs) as usize);
        let way = |path: &[Vec3]| path.windows(2).map(|pair| pair[0].distance(pair[1])).sum::<f32>();
        let steps = vec![Step::Appear { at: [3.0, 3.0], heading_rad: 0.0 }, Step::Recorded { motion }];
        let poses = ours(steps, 5, &[activity]);
        let own: Vec<Vec3> = poses.iter().map(|pose| pose[TruthJoint::Pelvis as usize]).collect();
        assert!(poses.iter().flatten().all(|at| (0.0..12.0).contains(&at.x) && (-0.01..6.0).contains(&at.y)), "{name}");
        let (made, expected) = (way(&own), way(&pelvis[..n_played]));
        println!("{name}: pelvis goes {made:.2} m, recorded {expected:.2} m, {} of {n_played} poses", own.len());
        assert!(own.len() >= 15, "{name} is played");
        // One second of coming into the clip and out of it is in ours, and a body of 1.68 m is a little larger than the humanoid.
        assert!((0.7..1.9).contains(&(made / expected)), "{name}: {made} against {expected} m");
        let fastest = speeds(&own, 1.0 / 30.0)[1];
        let recorded = speeds(&pelvis[..n_played], secs)[1];
        assert!((0.5..1.6).contains(&(fastest / recorded)), "{name}: {fastest} against {recorded} m/s");
    }
}

#[test]
fn a_scene_with_recorded_motion_is_the_same_by_seed_and_another_than_without() {
    let Some(walk) = recorded("walk") else { return };
    let plain = SimulatorSpec::random(11, &SceneOptions::default());
    let rich = || plain.clone().with_recorded(std::slice::from_ref(&walk));
    assert_eq!(rich(), rich());
    assert_ne!(rich(), plain);
    assert_eq!(plain.clone().with_recorded(&[]), plain);
    let n_recorded = |spec: &SimulatorSpec| {
        let script = spec.people[0].script.as_ref().expect("a script");
        script.steps.iter().filter(|step| matches!(step, Step::Recorded { .. })).count()
    };
    assert!(n_recorded(&rich()) >= 2);
    let frame = |spec: &SimulatorSpec| {
        let mut simulator = Simulator::new(spec);
        simulator.skip_to(Timestamp::from_secs_f64(20.0));
        simulator.next_frame().values
    };
    assert_ne!(frame(&rich()), frame(&plain), "the channel feels it");
}

#[test]
fn dances_and_flips_are_no_daily_life_and_no_text_is_no_motion() {
    assert_eq!(RecordedMotion::new("walk", ""), None);
    for name in ["backflip", "dance_a", "spinkick"] {
        let Some(text) = text(name) else { return };
        assert_eq!(RecordedMotion::new(name, &text), None, "{name}");
    }
}
