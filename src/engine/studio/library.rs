//! The body model and the networks, read when they are first needed.

use std::sync::{Arc, OnceLock};

use crate::body::AnnyModel;
use crate::body::measure::MeasurePlan;
use crate::inference::{Models, Role};

/// The body model with what measuring it needs; read once, shared by the studio's threads.
#[derive(Clone, Default)]
pub struct SharedModel {
    read: Arc<OnceLock<Result<Arc<BodyModel>, String>>>,
}

pub struct BodyModel {
    pub anny: AnnyModel,
    pub plan: MeasurePlan,
    pub labels: Arc<[String]>,
}

impl SharedModel {
    /// Reads the model the first time (about 0.1 s); says what is wrong otherwise.
    pub fn get(&self) -> Result<Arc<BodyModel>, String> {
        self.read
            .get_or_init(|| {
                let models = Models::open().map_err(|error| error.to_string())?;
                let (_, bytes) = models.checked_bytes(Role::Body).map_err(|error| error.to_string())?;
                let anny = AnnyModel::from_bytes(&bytes).map_err(|error| error.to_string())?;
                let plan = MeasurePlan::new(&anny)
                    .ok_or("the body model lacks a landmark that measuring needs — install this version's own")?;
                let labels = anny.local_change_labels.clone().into();
                Ok(Arc::new(BodyModel { anny, plan, labels }))
            })
            .clone()
    }

    /// Reads the model and prepares it for fits on a thread of its own, while networks look at a photo.
    pub fn warm(&self) {
        if self.read.get().is_some() {
            return;
        }
        let model = self.clone();
        let prepare = move || {
            if let Ok(model) = model.get() {
                model.anny.prepared();
            }
        };
        // Without the thread the first fit does the same.
        let _ = std::thread::Builder::new().name("body model".into()).spawn(prepare);
    }

    /// Empty until the model has been read.
    pub fn local_change_labels(&self) -> Arc<[String]> {
        match self.read.get() {
            Some(Ok(model)) => Arc::clone(&model.labels),
            _ => Arc::default(),
        }
    }
}

/// What the worker holds.
#[derive(Default)]
pub struct Library {
    pub model: SharedModel,
    models: Option<Models>,
}

impl Library {
    pub fn new(model: SharedModel) -> Self {
        Self { model, models: None }
    }

    /// The networks; finding them reads the manifest only.
    pub fn models(&mut self) -> Result<&mut Models, String> {
        match &mut self.models {
            Some(models) => Ok(models),
            none => Ok(none.insert(Models::open().map_err(|error| error.to_string())?)),
        }
    }
}
