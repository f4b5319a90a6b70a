//! Bodies of followed people: a thread that poses the body model, always for the newest moment and only while wanted.
//!
//! | thread | does |
//! |---|---|
//! | `bodies` | the newest [`People`] to a posed mesh each; what it has no time for is left out |

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::{ArcSwap, ArcSwapOption};
use bevy_math::Vec3;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::people::{People, ShownPerson};
use super::studio::{BodyId, BodyView, SharedModel};
use crate::body::drive::{Build, Driver, Part, Stance};
use crate::pose;
use crate::types::{Joint, Phenotype, Timestamp, TrackId};

/// Bodies posed at once; more people are drawn as skeletons.
const MAX_BODIES: usize = 8;
/// Between two moments farther apart no speed is told, s.
const MAX_STEP_SECS: f64 = 1.0;

/// One person's body model in the room.
#[derive(Clone, Debug)]
pub struct DenseBody {
    pub track: TrackId,
    /// The moment that it is for.
    pub time: Timestamp,
    /// Another number whenever the lists below are others.
    pub revision: u64,
    /// Room frame, metres.
    pub positions: Arc<[Vec3]>,
    pub normals: Arc<[Vec3]>,
    /// Standard deviation of the joint that moves each vertex, metres; NaN where the template holds it.
    pub sigma_m: Arc<[f32]>,
    /// NaN until there were two moments.
    pub speed_m_per_s: Arc<[f32]>,
}

/// What the thread has posed last.
#[derive(Clone, Debug, Default)]
pub struct Dense {
    pub bodies: Vec<DenseBody>,
    /// Of all bodies; empty before the first one.
    pub triangles: Arc<[[u32; 3]]>,
    /// DensePose's number of each vertex.
    pub parts: Arc<[Part]>,
    pub uv: Arc<[[f32; 2]]>,
    /// Whose body of the studio is used; everybody else has a template.
    pub assigned: Arc<BTreeMap<TrackId, BodyId>>,
    /// Why there are no bodies; says what to do.
    pub error: Option<String>,
}

impl Dense {
    pub fn body(&self, track: TrackId) -> Option<&DenseBody> {
        self.bodies.iter().find(|body| body.track == track)
    }
}

/// What the pipeline thread holds of it.
#[derive(Default)]
pub struct Handle {
    model: SharedModel,
    wanted: bool,
    assigned: Arc<BTreeMap<TrackId, BodyId>>,
    /// What was ordered last.
    ordered: Option<Arc<People>>,
    orders: Arc<ArcSwapOption<Order>>,
    published: Arc<ArcSwap<Dense>>,
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

struct Order {
    people: Arc<People>,
    subjects: Subjects,
}

/// Whose body is used for whom.
pub type Subjects = BTreeMap<TrackId, (BodyId, Phenotype)>;

impl Handle {
    /// Reads the body model where the studio has not.
    pub fn new(model: SharedModel) -> Self {
        Self { model, ..Self::default() }
    }

    pub fn set_wanted(&mut self, wanted: bool) {
        self.wanted = wanted;
        self.ordered = None;
        if !wanted {
            self.published.store(Arc::default());
        }
    }

    /// A body of the studio for a person; `None` is the template again.
    pub fn assign(&mut self, track: TrackId, body: Option<BodyId>) {
        let assigned = Arc::make_mut(&mut self.assigned);
        match body {
            Some(body) => assigned.insert(track, body),
            None => assigned.remove(&track),
        };
        self.ordered = None;
    }

    /// Orders bodies for these people where they are new, and answers what there is. Never waits; `say` is called from the
    /// thread when there is news.
    pub fn next(
        &mut self,
        people: &Arc<People>,
        bodies: &[Arc<BodyView>],
        say: impl Fn() + Send + 'static,
    ) -> std::io::Result<Arc<Dense>> {
        if !self.wanted {
            return Ok(Arc::new(Dense { assigned: Arc::clone(&self.assigned), ..Dense::default() }));
        }
        let is_new = self.ordered.as_ref().is_none_or(|ordered| ordered.time != people.time);
        if is_new {
            self.ordered = Some(Arc::clone(people));
            let subjects = self.assigned.iter().filter_map(|(track, id)| {
                let body = bodies.iter().find(|body| body.id == *id)?;
                Some((*track, (*id, body.phenotype.clone()?)))
            });
            self.orders.store(Some(Arc::new(Order { people: Arc::clone(people), subjects: subjects.collect() })));
            if self.running.is_none() {
                self.running = Some(self.start(say)?);
            }
            if let Some((wake, _)) = &self.running {
                // It is awake already when the channel is full.
                wake.try_send(()).ok();
            }
        }
        Ok(self.published.load_full())
    }

    fn start(&self, say: impl Fn() + Send + 'static) -> std::io::Result<(Sender<()>, JoinHandle<()>)> {
        let (wake, woken) = bounded(1);
        let (orders, published) = (Arc::clone(&self.orders), Arc::clone(&self.published));
        let dresser = Dresser::new(self.model.clone());
        let thread = std::thread::Builder::new()
            .name("bodies".into())
            .spawn(move || run(dresser, &woken, &orders, &published, &say))?;
        Ok((wake, thread))
    }

    pub fn shut_down(&mut self) {
        let Some((wake, thread)) = self.running.take() else { return };
        drop(wake);
        thread.join().ok(); // nobody is left to hear of a panic
    }
}

/// What a build was made for: a subject's phenotype, or a stature in whole centimetres.
#[derive(Clone, PartialEq)]
enum For {
    Subject(Phenotype),
    Stature(Option<i32>),
}

/// Poses the body model like people; keeps what depends on their stature alone.
pub struct Dresser {
    model: SharedModel,
    driver: Option<Driver>,
    builds: BTreeMap<TrackId, (For, Build)>,
    n_posed: u64,
}

fn run(
    mut dresser: Dresser,
    woken: &Receiver<()>,
    orders: &ArcSwapOption<Order>,
    published: &ArcSwap<Dense>,
    say: &dyn Fn(),
) {
    while woken.recv().is_ok() {
        let Some(order) = orders.swap(None) else { continue };
        let last = published.load_full();
        let dressed = catch_unwind(AssertUnwindSafe(|| dresser.dress(&order.people, &order.subjects, &last)));
        let dense = dressed.unwrap_or_else(|panic| {
            let text = super::attach::panic_text(panic.as_ref());
            Dense { error: Some(format!("Posing bodies {text} — skeletons are drawn instead")), ..Dense::default() }
        });
        published.store(Arc::new(dense));
        say();
    }
}

impl Dresser {
    pub fn new(model: SharedModel) -> Self {
        Self { model, driver: None, builds: BTreeMap::new(), n_posed: 0 }
    }

    /// Bodies of all who may have one; `last` is what was made before, which tells speeds.
    pub fn dress(&mut self, people: &People, subjects: &Subjects, last: &Dense) -> Dense {
        let model = match self.model.get() {
            Ok(model) => model,
            Err(error) => return Dense { error: Some(error), ..Dense::default() },
        };
        if self.driver.is_none() {
            self.driver = Driver::new(&model.anny);
        }
        let Some(driver) = &self.driver else {
            let error = "the body model lacks a bone that posing needs — install this version's own".to_owned();
            return Dense { error: Some(error), ..Dense::default() };
        };
        let mut bodies = Vec::new();
        let dressed = people.persons.iter().filter(|person| may_be_dressed(person)).take(MAX_BODIES);
        for person in dressed {
            let id = person.track.id;
            let wanted = match subjects.get(&id) {
                Some((_, phenotype)) => For::Subject(phenotype.clone()),
                None => For::Stature(person.height_m.filter(|h| h.is_finite()).map(|h| (100.0 * h).round() as i32)),
            };
            if self.builds.get(&id).is_none_or(|(made, _)| *made != wanted) {
                let phenotype = match &wanted {
                    For::Subject(phenotype) => phenotype.clone(),
                    For::Stature(height) => driver.neutral(&model.anny, height.map(|cm| f64::from(cm) / 100.0)),
                };
                self.builds.insert(id, (wanted, driver.build(&model.anny, &phenotype)));
            }
            let Some((_, build)) = self.builds.get(&id) else { continue };
            let posed = driver.posed(&model.anny, build, &stance(person));
            let positions = in_room(person, &posed.vertices);
            let mesh = model.anny.mesh(&positions);
            self.n_posed += 1;
            bodies.push(DenseBody {
                track: id,
                time: person.track.time,
                revision: self.n_posed,
                normals: mesh.normals().into(),
                sigma_m: sigmas(person, &driver.parts),
                speed_m_per_s: speeds(person.track.time, &mesh.positions, last.body(id)),
                positions: mesh.positions,
            });
        }
        self.builds.retain(|id, _| bodies.iter().any(|body| body.track == *id));
        let assigned = subjects.iter().map(|(track, (body, _))| (*track, *body)).collect();
        Dense {
            bodies,
            triangles: Arc::clone(&model.anny.faces),
            parts: Arc::clone(&driver.parts),
            uv: Arc::clone(&driver.uv),
            assigned: Arc::new(assigned),
            error: None,
        }
    }
}

/// Somebody whose body may be shown, and faces somewhere.
fn may_be_dressed(person: &ShownPerson) -> bool {
    let shown = &person.shown;
    let faces = shown.heading_rad.is_some_and(|heading| heading.is_sound());
    person.track.state.is_present() && shown.place && faces && (shown.template || shown.joints.is_some())
}

/// Joints that are drawn count; the others hang as the template has them.
fn stance(person: &ShownPerson) -> Stance {
    let pose = &person.track.pose;
    let mut stance = Stance::of_posture(person.shown.posture);
    stance.pelvis_height_m = pose.pelvis_height_m.filter(|height| height.is_sound()).map(|height| height.value);
    if let (Some(parts), Some(joints)) = (&person.shown.joints, &pose.joints) {
        for joint in Joint::ALL {
            if parts[joint as usize] == pose::Part::Drawn {
                stance.joints[joint as usize] = Some(Vec3::from(joints[joint as usize].position_m).as_dvec3());
            }
        }
    }
    stance
}

fn in_room(person: &ShownPerson, vertices: &[Vec3]) -> Vec<Vec3> {
    let heading = person.shown.heading_rad.map_or(0.0, |heading| heading.value);
    // The body faces -y, a quarter turn clockwise of its x axis.
    let (sin, cos) = (heading as f32 + std::f32::consts::FRAC_PI_2).sin_cos();
    let [x, y] = person.track.pose.root.position_m.map(|value| value as f32);
    vertices.iter().map(|v| Vec3::new(x + cos * v.x - sin * v.y, y + sin * v.x + cos * v.y, v.z)).collect()
}

/// Of the joint at the far end of each vertex's limb.
fn sigmas(person: &ShownPerson, parts: &[Part]) -> Arc<[f32]> {
    let of = |joint: Joint| match (&person.shown.joints, &person.track.pose.joints) {
        (Some(shown), Some(joints)) if shown[joint as usize] == pose::Part::Drawn => joints[joint as usize].sigma_m,
        _ => f32::NAN,
    };
    let trunk = [Joint::LeftShoulder, Joint::RightShoulder, Joint::LeftHip, Joint::RightHip];
    let trunk = trunk.map(of).into_iter().fold(0.0f32, |worst, sigma| if sigma <= worst { worst } else { sigma });
    let of_part = |part: Part| match part {
        1 | 2 => trunk,
        3 | 20 | 22 => of(Joint::RightWrist),
        4 | 19 | 21 => of(Joint::LeftWrist),
        5 | 12 | 14 => of(Joint::LeftAnkle),
        6 | 11 | 13 => of(Joint::RightAnkle),
        7 | 9 => of(Joint::RightKnee),
        8 | 10 => of(Joint::LeftKnee),
        15 | 17 => of(Joint::LeftElbow),
        16 | 18 => of(Joint::RightElbow),
        _ => of(Joint::Nose),
    };
    let table: Vec<f32> = (0..=Part::MAX).map(of_part).collect();
    parts.iter().map(|part| table[usize::from(*part)]).collect()
}

fn speeds(time: Timestamp, positions: &[Vec3], last: Option<&DenseBody>) -> Arc<[f32]> {
    let Some(last) = last.filter(|last| last.positions.len() == positions.len()) else {
        return positions.iter().map(|_| f32::NAN).collect();
    };
    let secs = time.secs_since(last.time);
    if secs == 0.0 {
        return Arc::clone(&last.speed_m_per_s);
    }
    let each = positions.iter().zip(last.positions.iter());
    let is_near = (0.0..=MAX_STEP_SECS).contains(&secs);
    each.map(|(now, before)| if is_near { now.distance(*before) / secs as f32 } else { f32::NAN }).collect()
}
