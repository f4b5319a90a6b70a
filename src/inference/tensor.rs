//! Tensors as plain data, and the one trait that both engines implement.

use super::Error;

/// Element type of a tensor. No model that we ship needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ElementType {
    Float32,
    Int32,
}

/// Elements in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    Float32(Vec<f32>),
    Int32(Vec<i32>),
}

/// A dense tensor; `elements` holds exactly the product of `shape`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub elements: Elements,
}

impl Tensor {
    /// A tensor of 32-bit floats; missing elements are zero, surplus ones are cut off.
    pub fn float32(shape: &[usize], mut elements: Vec<f32>) -> Self {
        elements.resize(shape.iter().product(), 0.0);
        Self { shape: shape.to_vec(), elements: Elements::Float32(elements) }
    }

    /// A tensor of 32-bit integers; missing elements are zero, surplus ones are cut off.
    pub fn int32(shape: &[usize], mut elements: Vec<i32>) -> Self {
        elements.resize(shape.iter().product(), 0);
        Self { shape: shape.to_vec(), elements: Elements::Int32(elements) }
    }

    pub fn element_type(&self) -> ElementType {
        match self.elements {
            Elements::Float32(_) => ElementType::Float32,
            Elements::Int32(_) => ElementType::Int32,
        }
    }

    /// The elements as floats; empty for integers.
    pub fn floats(&self) -> &[f32] {
        match &self.elements {
            Elements::Float32(elements) => elements,
            Elements::Int32(_) => &[],
        }
    }
}

/// What a model says of one of its inputs or outputs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Port {
    pub name: String,
    pub element: ElementType,
    /// -1 where any size will do; empty where the file does not say.
    pub shape: Vec<i64>,
}

impl Port {
    /// Whether a tensor of this type and shape may pass.
    pub fn accepts(&self, element: ElementType, shape: &[usize]) -> bool {
        self.element == element
            && self.shape.len() == shape.len()
            && self.shape.iter().zip(shape).all(|(wanted, got)| *wanted < 0 || *wanted == *got as i64)
    }

    /// Whether the model's own words agree with what the manifest expects; what is left open agrees with everything.
    pub fn agrees(&self, expected: &Self) -> bool {
        if self.shape.is_empty() {
            return true;
        }
        self.element == expected.element
            && self.shape.len() == expected.shape.len()
            && self.shape.iter().zip(&expected.shape).all(|(own, wanted)| *own < 0 || *wanted < 0 || own == wanted)
    }
}

/// A network that is ready to run: one tensor in, tensors out in the order of the file.
pub trait Model: Send {
    fn run(&mut self, input: Tensor) -> Result<Vec<Tensor>, Error>;

    /// The engine or the graphics card's provider that it runs on now.
    fn runs_on(&self) -> &'static str;
}
