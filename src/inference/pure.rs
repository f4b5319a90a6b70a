//! The engine that is always there: tract, pure Rust, one thread, nothing to install.
//!
//! tract optimises a graph for one shape of input. A model with free dimensions is therefore prepared anew for each
//! shape that comes by; the last few are kept.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid as _;

use super::Error;
use super::engine::BUILT_IN;
use super::tensor::{ElementType, Elements, Model, Port, Tensor};

type Plan = Arc<TypedRunnableModel>;

/// Plans kept of a model with free dimensions: photos of one sitting mostly share their shape.
const N_PLANS: usize = 2;

pub struct PureModel {
    plans: Vec<(Vec<usize>, Plan)>,
    /// The file, kept only where its input has free dimensions.
    bytes: Option<Vec<u8>>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl PureModel {
    /// A model with a fixed shape is optimised now; one with free dimensions when its first input comes.
    pub fn load(bytes: &[u8]) -> Result<Self, String> {
        guarded(|| {
            let graph = parse(bytes)?;
            let inputs =
                graph.input_outlets()?.iter().map(|outlet| port(&graph, *outlet)).collect::<TractResult<Vec<_>>>()?;
            let fixed: Option<Vec<usize>> =
                inputs.first().and_then(|port| port.shape.iter().map(|size| usize::try_from(*size).ok()).collect());
            let Some(shape) = fixed else {
                let outputs = graph
                    .output_outlets()?
                    .iter()
                    .map(|outlet| port(&graph, *outlet))
                    .collect::<TractResult<Vec<_>>>()?;
                return Ok(Self { plans: Vec::new(), bytes: Some(bytes.to_vec()), inputs, outputs });
            };
            let plan = optimise(graph, &shape, inputs[0].element)?;
            let outputs = plan
                .model()
                .output_outlets()?
                .iter()
                .map(|outlet| typed_port(plan.model(), *outlet))
                .collect::<TractResult<Vec<_>>>()?;
            Ok(Self { plans: vec![(shape, plan)], bytes: None, inputs, outputs })
        })
    }

    pub fn ports(&self) -> (Vec<Port>, Vec<Port>) {
        (self.inputs.clone(), self.outputs.clone())
    }

    fn plan(&mut self, element: ElementType, shape: &[usize]) -> Result<Plan, String> {
        if let Some(at) = self.plans.iter().position(|(known, _)| known == shape) {
            let used = self.plans.remove(at);
            self.plans.push(used);
        } else {
            let bytes = self.bytes.as_deref().ok_or_else(|| format!("the input has the wrong shape: {shape:?}"))?;
            let plan = guarded(|| optimise(parse(bytes)?, shape, element))?;
            if self.plans.len() >= N_PLANS {
                self.plans.remove(0);
            }
            self.plans.push((shape.to_vec(), plan));
        }
        self.plans.last().map(|(_, plan)| plan.clone()).ok_or_else(|| String::from("no plan"))
    }
}

impl Model for PureModel {
    fn run(&mut self, input: Tensor) -> Result<Vec<Tensor>, Error> {
        let failed = |reason: String| Error::Run { reason };
        let plan = self.plan(input.element_type(), &input.shape).map_err(failed)?;
        guarded(|| {
            let tensor = match &input.elements {
                Elements::Float32(elements) => tract_onnx::prelude::Tensor::from_shape(&input.shape, elements)?,
                Elements::Int32(elements) => tract_onnx::prelude::Tensor::from_shape(&input.shape, elements)?,
            };
            plan.run(tvec!(tensor.into_tvalue()))?.iter().map(|value| plain(value)).collect()
        })
        .map_err(failed)
    }

    fn runs_on(&self) -> &'static str {
        BUILT_IN
    }
}

fn parse(bytes: &[u8]) -> TractResult<InferenceModel> {
    tract_onnx::onnx().model_for_read(&mut &*bytes)
}

fn optimise(graph: InferenceModel, shape: &[usize], element: ElementType) -> TractResult<Plan> {
    let datum = match element {
        ElementType::Float32 => f32::datum_type(),
        ElementType::Int32 => i32::datum_type(),
    };
    graph.with_input_fact(0, InferenceFact::dt_shape(datum, shape))?.into_optimized()?.into_runnable()
}

fn plain(value: &tract_onnx::prelude::Tensor) -> TractResult<Tensor> {
    let shape = value.shape().to_vec();
    let elements = if value.datum_type() == i32::datum_type() {
        Elements::Int32(value.try_as_plain_ram()?.as_slice::<i32>()?.to_vec())
    } else {
        Elements::Float32(value.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())
    };
    Ok(Tensor { shape, elements })
}

fn port(graph: &InferenceModel, outlet: OutletId) -> TractResult<Port> {
    let fact = graph.outlet_fact(outlet)?;
    let shape = fact.shape.dims().map(|dim| dim.concretize().and_then(|dim| dim.to_i64().ok()).unwrap_or(-1)).collect();
    Ok(Port {
        name: name(graph.outlet_label(outlet), &graph.node(outlet.node).name),
        element: element(fact.datum_type.concretize()),
        shape,
    })
}

fn typed_port(model: &TypedModel, outlet: OutletId) -> TractResult<Port> {
    let fact = model.outlet_fact(outlet)?;
    let shape = fact.shape.iter().map(|dim| dim.to_i64().unwrap_or(-1)).collect();
    Ok(Port {
        name: name(model.outlet_label(outlet), &model.node(outlet.node).name),
        element: element(Some(fact.datum_type)),
        shape,
    })
}

fn name(label: Option<&str>, node: &str) -> String {
    label.unwrap_or(node).to_string()
}

fn element(datum: Option<DatumType>) -> ElementType {
    if datum == Some(i32::datum_type()) { ElementType::Int32 } else { ElementType::Float32 }
}

/// tract panics on some malformed graphs; a user's file must not take the program down.
fn guarded<T>(work: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err(String::from("the graph is not one that tract can read")),
    }
}
